// Spec judges the conformance vectors, or one bundle, as docs/ledger-format.md says, and by nothing else.
//
//	spec vectors FOLDER              judge every vector of conformance/, print what each was judged to be
//	spec bundle FOLDER KEY [KEPT]    judge one exported log; KEPT is a file with a checkpoint kept from before
//
// It needs the standard library of Go alone.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func main() {
	var told interface{}
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "vectors":
		told, err = judgeVectors(os.Args[2])
	case (len(os.Args) == 4 || len(os.Args) == 5) && os.Args[1] == "bundle":
		told, err = judgeFolder(os.Args[2], os.Args[3], os.Args[4:])
	default:
		err = errors.New("usage: spec vectors FOLDER | spec bundle FOLDER KEY [KEPT]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	text, err := json.MarshalIndent(told, "", " ")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(string(text))
}

// --- canonical JSON: a reader of the one text that a value has

const (
	maxEntry   = 65535
	maxDepth   = 8
	maxInteger = 1<<53 - 1
	maxNote    = 1000000
)

var errShape = errors.New("it is not what it must be")

type reader struct {
	text []byte
	at   int
}

func readCanonical(data []byte) (value interface{}, err error) {
	if len(data) > maxEntry || !utf8.Valid(data) {
		return nil, errShape
	}
	r := &reader{text: data}
	if value, err = r.value(0); err == nil && r.at != len(data) {
		err = errShape
	}
	return value, err
}

func (r *reader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *reader) take(word string) error {
	if !bytes.HasPrefix(r.text[r.at:], []byte(word)) {
		return errShape
	}
	r.at += len(word)
	return nil
}

func (r *reader) value(depth int) (interface{}, error) {
	switch c := r.peek(); {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		return r.str()
	case c == 't':
		return true, r.take("true")
	case c == 'f':
		return false, r.take("false")
	case c == 'n':
		return nil, r.take("null")
	}
	return r.integer()
}

func (r *reader) integer() (int64, error) {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	for r.peek() >= '0' && r.peek() <= '9' {
		r.at++
	}
	text := string(r.text[start:r.at])
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != text || number > maxInteger || number < -maxInteger {
		return 0, errShape
	}
	return number, nil
}

func (r *reader) object(depth int) (map[string]interface{}, error) {
	if depth == maxDepth {
		return nil, errShape
	}
	found := map[string]interface{}{}
	last := ""
	r.at++
	for r.peek() != '}' {
		if len(found) > 0 && r.take(",") != nil {
			return nil, errShape
		}
		key, err := r.str()
		if err != nil || r.take(":") != nil || (len(found) > 0 && key <= last) {
			return nil, errShape
		}
		for i := 0; i < len(key); i++ {
			if key[i] > 127 {
				return nil, errShape
			}
		}
		if found[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
		last = key
	}
	r.at++
	return found, nil
}

func (r *reader) array(depth int) ([]interface{}, error) {
	if depth == maxDepth {
		return nil, errShape
	}
	found := []interface{}{}
	r.at++
	for r.peek() != ']' {
		if len(found) > 0 && r.take(",") != nil {
			return nil, errShape
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		found = append(found, value)
	}
	r.at++
	return found, nil
}

const (
	shortNames  = `"\bfnrt`
	shortValues = "\"\\\b\f\n\r\t"
)

func (r *reader) str() (string, error) {
	if r.take(`"`) != nil {
		return "", errShape
	}
	var found []byte
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return string(found), nil
		case c < 0x20:
			return "", errShape
		case c == '\\':
			escaped, err := r.escape()
			if err != nil {
				return "", err
			}
			found = append(found, escaped)
		default:
			found = append(found, c)
		}
	}
	return "", errShape
}

func (r *reader) escape() (byte, error) {
	if at := strings.IndexByte(shortNames, r.peek()); at >= 0 {
		r.at++
		return shortValues[at], nil
	}
	if r.take("u00") != nil || len(r.text) < r.at+2 {
		return 0, errShape
	}
	text := string(r.text[r.at : r.at+2])
	r.at += 2
	raw, err := hex.DecodeString(text)
	if err != nil || strings.ToLower(text) != text || raw[0] >= 0x20 || strings.IndexByte(shortValues, raw[0]) >= 0 {
		return 0, errShape
	}
	return raw[0], nil
}

// --- entries

type entry struct {
	log, kind, src, received string
	n                        int64
	metadata                 map[string]interface{}
}

var (
	kindShape   = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*/[1-9][0-9]{0,3}$`)
	timeShape   = regexp.MustCompile(`^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{6}Z$`)
	hashShape   = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	sizeShape   = regexp.MustCompile(`^(0|[1-9][0-9]{0,18})$`)
	required    = strings.Fields("v log kind id src n at received_at actor")
	textFields  = strings.Fields("log id src actor resource tool action on_behalf_of session trace parent subject args_digest input_hash output_hash decision policy_digest approver confidence error")
	otherFields = map[string]func(interface{}) bool{
		"v":           func(value interface{}) bool { return value == int64(1) },
		"n":           func(value interface{}) bool { return isFrom(value, 1) },
		"duration_ms": func(value interface{}) bool { return isFrom(value, 0) },
		"at":          isTime,
		"received_at": isTime,
		"kind": func(value interface{}) bool {
			text, ok := value.(string)
			return ok && len(text) <= 80 && kindShape.MatchString(text)
		},
		"reasons": func(value interface{}) bool {
			list, ok := value.([]interface{})
			return ok && len(list) > 0 && allTexts(list)
		},
		"refs": func(value interface{}) bool {
			object, ok := value.(map[string]interface{})
			for name, one := range object {
				ok = ok && name != "" && isText(one)
			}
			return ok && len(object) > 0
		},
		"metadata": func(value interface{}) bool {
			object, ok := value.(map[string]interface{})
			return ok && len(object) > 0
		},
		"payload": func(value interface{}) bool {
			object, _ := value.(map[string]interface{})
			commitment, ok := object["commitment"].(string)
			return ok && len(object) == 2 && isText(object["alg"]) && hashShape.MatchString(commitment)
		},
	}
)

func init() {
	for _, name := range textFields {
		otherFields[name] = isText
	}
}

func isText(value interface{}) bool {
	text, ok := value.(string)
	return ok && text != ""
}

func allTexts(values []interface{}) bool {
	for _, one := range values {
		if !isText(one) {
			return false
		}
	}
	return true
}

func isFrom(value interface{}, least int64) bool {
	number, ok := value.(int64)
	return ok && number >= least
}

func isTime(value interface{}) bool {
	text, _ := value.(string)
	parts := timeShape.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	number := make([]int, 7)
	for i := 1; i < 7; i++ {
		number[i], _ = strconv.Atoi(parts[i])
	}
	year, month, day := number[1], number[2], number[3]
	if year < 1 || month < 1 || month > 12 || day < 1 || number[4] > 23 || number[5] > 59 || number[6] > 59 {
		return false
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days = 29
	}
	return day <= days
}

func readEntry(data []byte) (*entry, error) {
	value, err := readCanonical(data)
	if err != nil {
		return nil, err
	}
	fields, ok := value.(map[string]interface{})
	for _, name := range required {
		if _, there := fields[name]; !there || !ok {
			return nil, fmt.Errorf("no field %s", name)
		}
	}
	for name, one := range fields {
		if check := otherFields[name]; check == nil || !check(one) {
			return nil, fmt.Errorf("field %s", name)
		}
	}
	metadata, _ := fields["metadata"].(map[string]interface{})
	return &entry{
		fields["log"].(string), fields["kind"].(string), fields["src"].(string), fields["received_at"].(string),
		fields["n"].(int64), metadata,
	}, nil
}

// --- tree and proofs

type hash = [32]byte

func leafHash(data []byte) hash { return sha256.Sum256(append([]byte{0}, data...)) }

func nodeHash(left, right hash) hash {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

func split(n int64) int64 {
	k := int64(1)
	for 2*k < n {
		k *= 2
	}
	return k
}

func rootOf(leaves []hash) hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := split(int64(len(leaves)))
	return nodeHash(rootOf(leaves[:k]), rootOf(leaves[k:]))
}

func toHashes(texts []string) ([]hash, error) {
	hashes := make([]hash, len(texts))
	for i, text := range texts {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != 32 {
			return nil, errShape
		}
		copy(hashes[i][:], raw)
	}
	return hashes, nil
}

// checkInclusion walks from the root down to the leaf, taking siblings from the end of the proof.
func checkInclusion(leaf hash, index, size int64, root hash, proof []hash) error {
	if index < 0 || index >= size {
		return errShape
	}
	var walk func(index, size int64) (hash, error)
	walk = func(index, size int64) (hash, error) {
		if size == 1 {
			return leaf, nil
		}
		if len(proof) == 0 {
			return hash{}, errShape
		}
		sibling := proof[len(proof)-1]
		proof = proof[:len(proof)-1]
		k := split(size)
		if index < k {
			below, err := walk(index, k)
			return nodeHash(below, sibling), err
		}
		below, err := walk(index-k, size-k)
		return nodeHash(sibling, below), err
	}
	found, err := walk(index, size)
	if err != nil || len(proof) != 0 || found != root {
		return errShape
	}
	return nil
}

func checkConsistency(old, size int64, oldRoot, root hash, proof []hash) error {
	if old < 0 || old > size || (old == 0 && oldRoot != rootOf(nil)) {
		return errShape
	}
	if old == 0 || old == size {
		if len(proof) != 0 || (old == size && oldRoot != root) {
			return errShape
		}
		return nil
	}
	take := func() (hash, error) {
		if len(proof) == 0 {
			return hash{}, errShape
		}
		last := proof[len(proof)-1]
		proof = proof[:len(proof)-1]
		return last, nil
	}
	var walk func(old, size int64, whole bool) (hash, hash, error)
	walk = func(old, size int64, whole bool) (hash, hash, error) {
		if old == size {
			if whole {
				return oldRoot, oldRoot, nil
			}
			both, err := take()
			return both, both, err
		}
		other, err := take()
		if err != nil {
			return hash{}, hash{}, err
		}
		k := split(size)
		if old <= k {
			before, after, err := walk(old, k, whole)
			return before, nodeHash(after, other), err
		}
		before, after, err := walk(old-k, size-k, false)
		return nodeHash(other, before), nodeHash(other, after), err
	}
	before, after, err := walk(old, size, true)
	if err != nil || len(proof) != 0 || before != oldRoot || after != root {
		return errShape
	}
	return nil
}

// --- keys, notes, checkpoints

type key struct {
	name      string
	algorithm byte
	public    [32]byte
}

func (k key) id() []byte {
	sum := sha256.Sum256(append(append([]byte(k.name+"\n"), k.algorithm), k.public[:]...))
	return sum[:4]
}

func (k key) String() string {
	raw := append([]byte{k.algorithm}, k.public[:]...)
	return k.name + "+" + hex.EncodeToString(k.id()) + "+" + base64.StdEncoding.EncodeToString(raw)
}

func fromBase64(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != text {
		return nil, errShape
	}
	return raw, nil
}

func isName(text string) bool {
	for _, c := range text {
		if c == '+' || c < 0x20 || unicode.IsSpace(c) {
			return false
		}
	}
	return text != ""
}

func readKey(text string, algorithm byte) (key, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || !isName(parts[0]) {
		return key{}, errShape
	}
	raw, err := fromBase64(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != algorithm {
		return key{}, errShape
	}
	found := key{name: parts[0], algorithm: algorithm}
	copy(found.public[:], raw[1:])
	if hex.EncodeToString(found.id()) != parts[1] || !isStrong(found.public) {
		return key{}, errShape
	}
	return found, nil
}

func number(text string) *big.Int {
	found, _ := new(big.Int).SetString(text, 10)
	return found
}

var (
	prime      = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	smallOrder = []*big.Int{
		big.NewInt(0), big.NewInt(1), new(big.Int).Sub(prime, big.NewInt(1)),
		number("2707385501144840649318225287225658788936804267575313519463743609750303402022"),
		number("55188659117513257062467267217118295137698188065244968500265048394206261417927"),
	}
)

// isStrong tells whether a key is a point of the curve, and not one of small order.
func isStrong(public [32]byte) bool {
	backwards := make([]byte, 32)
	for i, one := range public {
		backwards[31-i] = one
	}
	sign := backwards[0] >> 7
	backwards[0] &= 127
	y := new(big.Int).SetBytes(backwards)
	if y.Cmp(prime) >= 0 {
		return false // written in a way that RFC 8032, 5.1.3, does not decode
	}
	for _, one := range smallOrder {
		if y.Cmp(one) == 0 {
			return false
		}
	}
	// x^2 = (y^2 - 1) / (d y^2 + 1), with d = -121665 / 121666, must have a root.
	d := new(big.Int).ModInverse(big.NewInt(121666), prime)
	d.Mul(d, big.NewInt(-121665)).Mod(d, prime)
	square := new(big.Int).Mul(y, y)
	below := new(big.Int).Mul(d, square)
	below.Add(below, big.NewInt(1)).Mod(below, prime).ModInverse(below, prime)
	square.Sub(square, big.NewInt(1)).Mul(square, below).Mod(square, prime)
	if square.Sign() == 0 {
		return sign == 0
	}
	return big.Jacobi(square, prime) == 1
}

type signature struct {
	name string
	id   []byte
	raw  []byte
}

type note struct {
	text       string
	signatures []signature
}

func readNote(data []byte) (*note, error) {
	if len(data) > maxNote || !utf8.Valid(data) || !bytes.HasSuffix(data, []byte("\n")) {
		return nil, errShape
	}
	for _, c := range data {
		if c < 0x20 && c != '\n' {
			return nil, errShape
		}
	}
	whole := string(data)
	cut := strings.LastIndex(whole, "\n\n")
	if cut < 0 {
		return nil, errShape
	}
	found := &note{text: whole[:cut+1]}
	lines := strings.Split(strings.TrimSuffix(whole[cut+2:], "\n"), "\n")
	if len(lines) > 100 {
		return nil, errShape
	}
	for _, line := range lines {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "\u2014" || !isName(parts[1]) {
			return nil, errShape
		}
		raw, err := fromBase64(parts[2])
		if err != nil || len(raw) < 5 {
			return nil, errShape
		}
		found.signatures = append(found.signatures, signature{parts[1], raw[:4], raw[4:]})
	}
	return found, nil
}

// signedBy tells whether a key signed; one signature that does not hold, or two, are an error.
func (n *note) signedBy(k key) (bool, error) {
	count := 0
	for _, one := range n.signatures {
		if one.name != k.name || !bytes.Equal(one.id, k.id()) {
			continue
		}
		message, raw := n.text, one.raw
		if k.algorithm == 4 {
			if len(raw) < 8 || raw[0] > 127 {
				return false, errShape
			}
			message = fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(raw), n.text)
			raw = raw[8:]
		}
		if count++; count > 1 || !ed25519.Verify(k.public[:], []byte(message), raw) {
			return false, errShape
		}
	}
	return count == 1, nil
}

type head struct {
	origin string
	size   int64
	root   hash
}

func readCheckpoint(text string) (head, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 || !sizeShape.MatchString(lines[1]) {
		return head{}, errShape
	}
	for _, line := range lines {
		if line == "" {
			return head{}, errShape
		}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	raw, err := fromBase64(lines[2])
	if err != nil || len(raw) != 32 {
		return head{}, errShape
	}
	found := head{origin: lines[0], size: size}
	copy(found.root[:], raw)
	if size == 0 && found.root != rootOf(nil) {
		return head{}, errShape
	}
	return found, nil
}

// seen is a head, and who cosigned it.
type seen struct {
	head
	by []int
}

// trust is the key one trusts, the chain it stands in, and the witnesses.
type trust struct {
	key       key
	links     []link
	witnesses []key
	quorum    int
}

func (t *trust) open(data []byte) (seen, error) {
	opened, err := readNote(data)
	if err != nil {
		return seen{}, err
	}
	stated, err := readCheckpoint(opened.text)
	if err != nil || stated.origin != t.key.name {
		return seen{}, errShape
	}
	due, all := t.key, []key{t.key}
	if len(t.links) > 0 {
		due, all = t.links[0].old, []key{t.links[0].old}
		for _, one := range t.links {
			all = append(all, one.new)
			if stated.size > one.position {
				due = one.new
			}
		}
	}
	signed := false
	for _, one := range all {
		holds, err := opened.signedBy(one)
		if err != nil {
			return seen{}, err
		}
		signed = signed || (holds && one == due)
	}
	if !signed {
		return seen{}, errShape
	}
	found := seen{head: stated}
	for i, one := range t.witnesses {
		holds, err := opened.signedBy(one)
		if err != nil {
			return seen{}, err
		}
		if holds {
			found.by = append(found.by, i)
		}
	}
	return found, nil
}

type link struct {
	position int64
	old, new key
	note     string
}

func readLink(data []byte, origin string) (link, error) {
	opened, err := readNote(data)
	if err != nil {
		return link{}, err
	}
	lines := strings.Split(opened.text, "\n")
	if len(lines) != 6 || lines[0] != "ephor/key-rotation/1" || lines[1] != origin || !sizeShape.MatchString(lines[2]) {
		return link{}, errShape
	}
	position, err := strconv.ParseInt(lines[2], 10, 64)
	if err != nil {
		return link{}, err
	}
	found := link{position: position, note: string(data)}
	for i, into := range []*key{&found.old, &found.new} {
		if *into, err = readKey(lines[3+i], 1); err != nil {
			return link{}, err
		}
		if holds, err := opened.signedBy(*into); err != nil || !holds || into.name != origin {
			return link{}, errShape
		}
	}
	return found, nil
}

// readLinks returns the chain of keys in a bundle: all of it, or an error.
func readLinks(files files, origin string) ([]link, error) {
	var links []link
	stood := map[key]bool{}
	for {
		data, err := files.read(fmt.Sprintf("keys/%d", len(links)+1), maxNote)
		if data == nil && err == nil {
			return links, nil
		}
		if err != nil {
			return nil, err
		}
		one, err := readLink(data, origin)
		if err != nil {
			return nil, err
		}
		if len(links) == 0 {
			stood[one.old] = true
		} else if last := links[len(links)-1]; last.new != one.old || last.position >= one.position {
			return nil, errShape
		}
		if stood[one.new] {
			return nil, errShape
		}
		stood[one.new] = true
		links = append(links, one)
	}
}

func checkProofFile(data, about []byte, trusted key) error {
	top, rest := data, []byte(nil)
	if cut := bytes.Index(data, []byte("\n\n")); cut >= 0 {
		top, rest = data[:cut], data[cut+2:]
	}
	for _, c := range top {
		if c > 127 {
			return errShape
		}
	}
	lines := strings.Split(string(top), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return errShape
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := fromBase64(lines[0][6:]); err != nil {
			return err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") || !sizeShape.MatchString(lines[0][6:]) || len(lines) > 64 {
		return errShape
	}
	index, err := strconv.ParseInt(lines[0][6:], 10, 64)
	if err != nil {
		return err
	}
	proof := make([]hash, len(lines)-1)
	for i, line := range lines[1:] {
		raw, err := fromBase64(line)
		if err != nil || len(raw) != 32 {
			return errShape
		}
		copy(proof[i][:], raw)
	}
	stated, err := (&trust{key: trusted}).open(rest)
	if err != nil {
		return err
	}
	return checkInclusion(leafHash(about), index, stated.size, stated.root, proof)
}

// --- bundles

type files string

// read returns the bytes of a file; nothing where there is none, an error where it must not be read.
func (root files) read(name string, limit int64) ([]byte, error) {
	home, err := filepath.EvalSymlinks(string(root))
	if err != nil {
		return nil, err
	}
	path, err := filepath.EvalSymlinks(filepath.Join(home, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !strings.HasPrefix(path, home+string(filepath.Separator)) {
		return nil, errShape
	}
	about, err := os.Stat(path)
	if err != nil || !about.Mode().IsRegular() || about.Size() > limit {
		return nil, errShape
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil || int64(len(data)) > limit {
		return nil, errShape
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

func place(index int64, width int) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

type told struct {
	Verdict     string  `json:"verdict"`
	First       *int64  `json:"first"`
	Size        int64   `json:"size"`
	Erased      []int64 `json:"erased"`
	Unwitnessed int64   `json:"unwitnessed"`
	Unanchored  *int64  `json:"unanchored"`
}

const nowhere = -1 // the log as a whole

// audit is one pass over a bundle.
type audit struct {
	files    files
	trust    trust
	stream   string // whose anchors are looked for
	head     head
	wrong    []int64
	missing  []int64
	erased   []int64
	anchors  []head
	received string
	holes    int
	counted  map[string][2]int64
}

func (a *audit) isWrong(position int64)   { a.wrong = append(a.wrong, position) }
func (a *audit) isMissing(position int64) { a.missing = append(a.missing, position) }

// judge follows the steps of the specification, section "To verify".
func (a *audit) judge(kept []byte, main *audit) told {
	a.counted = map[string][2]int64{}
	a.erased = []int64{}
	a.openKeys()
	data, err := a.files.read("checkpoint", maxNote)
	opened, other := a.trust.open(data)
	if err != nil || data == nil || other != nil {
		a.isWrong(nowhere)
		return a.told(nil, nil)
	}
	a.head = opened.head
	for _, one := range a.trust.links {
		if one.position >= a.head.size {
			a.isWrong(a.head.size)
		}
	}
	marks := append([]seen{opened}, a.openMarks(kept)...)
	if main != nil {
		marks = append(marks, a.openAnchors(main)...)
	}
	leaves := a.readLeaves()
	var held []seen
	for _, mark := range marks {
		if a.beginsWith(mark.head, leaves) {
			held = append(held, mark)
		}
	}
	if int64(len(leaves)) == a.head.size {
		a.checkTree(leaves)
	}
	return a.told(held, main)
}

func (a *audit) openKeys() {
	links, err := readLinks(a.files, a.trust.key.name)
	if err != nil {
		a.isWrong(nowhere)
		return
	}
	known := len(links) == 0
	for _, one := range links {
		known = known || one.old == a.trust.key || one.new == a.trust.key
	}
	if !known {
		a.isWrong(nowhere)
		return
	}
	a.trust.links = links
}

func (a *audit) openMarks(kept []byte) []seen {
	cosigned, err := a.files.read("checkpoint.cosigned", maxNote)
	if err != nil {
		a.isWrong(nowhere)
	}
	var marks []seen
	for _, data := range [][]byte{kept, cosigned} {
		if data == nil {
			continue
		}
		mark, err := a.trust.open(data)
		if err != nil {
			a.isWrong(nowhere)
			continue
		}
		marks = append(marks, mark)
	}
	return marks
}

func (a *audit) openAnchors(main *audit) []seen {
	main.stream = a.trust.key.name
	main.judge(nil, nil)
	if len(main.wrong) > 0 {
		a.isWrong(nowhere)
	} else if len(main.missing) > 0 {
		a.isMissing(nowhere)
	}
	var marks []seen
	for _, one := range main.anchors {
		marks = append(marks, seen{head: one})
	}
	return marks
}

// beginsWith tells whether a mark is known to be a beginning of the log, and notes it where it is not.
func (a *audit) beginsWith(mark head, leaves []hash) bool {
	switch {
	case mark.size > a.head.size:
		a.isWrong(a.head.size)
		return false
	case mark.size == a.head.size && mark.root != a.head.root:
		a.isWrong(nowhere)
		return false
	case mark.size > int64(len(leaves)):
		return false
	}
	holds := rootOf(leaves[:mark.size]) == mark.root
	if !holds && mark.size < a.head.size {
		a.isWrong(nowhere)
	}
	return holds
}

func (a *audit) readLeaves() []hash {
	var leaves []hash
	for start := int64(0); start < a.head.size; start += 256 {
		width := 256
		if rest := a.head.size - start; rest < 256 {
			width = int(rest)
		}
		tile := a.readTile(0, start/256, width)
		entries := a.readBundle(start, width)
		for i, data := range entries {
			a.readEntry(start+int64(i), data)
			leaf := leafHash(data)
			if tile != nil && tile[i] != leaf {
				a.isWrong(start + int64(i))
			}
			leaves = append(leaves, leaf)
		}
		if len(entries) < width {
			a.isMissing(start + int64(len(entries)))
			a.holes++
			if tile == nil {
				return leaves[:start]
			}
			leaves = append(leaves, tile[len(entries):]...)
		}
	}
	return leaves
}

func (a *audit) readTile(level uint, index int64, width int) []hash {
	first := index << (8 * (level + 1))
	data, err := a.files.read(fmt.Sprintf("tile/%d/%s", level, place(index, width)), 256*32)
	if err != nil || (data != nil && len(data) != 32*width) {
		a.isWrong(first)
		return nil
	}
	if data == nil {
		a.isMissing(first)
		return nil
	}
	tile := make([]hash, width)
	for i := range tile {
		copy(tile[i][:], data[32*i:])
	}
	return tile
}

func (a *audit) readBundle(start int64, width int) [][]byte {
	data, err := a.files.read("tile/entries/"+place(start/256, width), 256*(2+maxEntry))
	if err != nil {
		a.isWrong(start)
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) || len(entries) == width {
			a.isWrong(start + int64(len(entries)))
			break
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	return entries
}

func (a *audit) readEntry(position int64, data []byte) {
	one, err := readEntry(data)
	if err != nil {
		a.isWrong(position)
		return
	}
	if one.log != a.head.origin || one.received < a.received {
		a.isWrong(position)
	}
	if one.received > a.received {
		a.received = one.received
	}
	last := a.counted[one.src]
	switch {
	case one.n <= last[0]:
		a.isWrong(position)
	case one.n > last[0]+1 && last[1] == int64(a.holes):
		a.isMissing(position)
	}
	if one.n > last[0] {
		last[0] = one.n
	}
	a.counted[one.src] = [2]int64{last[0], int64(a.holes)}
	a.checkKey(position, one)
	switch {
	case one.kind == "erasure/1":
		a.erased = append(a.erased, position)
	case one.kind == "stream.anchored/1" && a.stream != "" && one.metadata["origin"] == a.stream:
		a.readAnchor(position, one.metadata)
	case one.kind == "epoch.started/1" && position == 0 && checkFormer(one.metadata) != nil:
		a.isWrong(0)
	}
}

func (a *audit) checkKey(position int64, one *entry) {
	var statement interface{}
	if one.kind == "key.rotated/1" {
		statement = one.metadata["statement"]
	}
	for _, due := range a.trust.links {
		if due.position == position {
			if statement != due.note {
				a.isWrong(position)
			}
			return
		}
	}
	if statement == nil {
		return
	}
	text, _ := statement.(string)
	if lines := strings.SplitN(text, "\n", 5); len(lines) == 5 {
		for _, known := range a.trust.links {
			if lines[3] == known.old.String() {
				a.isWrong(position)
				return
			}
		}
	}
	a.isMissing(position)
}

func (a *audit) readAnchor(position int64, metadata map[string]interface{}) {
	size, whole := metadata["size"].(int64)
	text, _ := metadata["root"].(string)
	raw, err := fromBase64(text)
	if !whole || size < 0 || err != nil || len(raw) != 32 {
		a.isWrong(position)
		return
	}
	found := head{origin: a.stream, size: size}
	copy(found.root[:], raw)
	a.anchors = append(a.anchors, found)
}

// checkFormer checks what the first entry of an epoch says of the log it goes on from.
func checkFormer(metadata map[string]interface{}) error {
	left, err := readFormer(metadata["checkpoint"])
	if err != nil {
		return err
	}
	if value, there := metadata["published"]; there {
		if published, err := readFormer(value); err != nil || published.origin != left.origin {
			return errShape
		}
	}
	if value, there := metadata["lost"]; there {
		list, ok := value.([]interface{})
		if !ok {
			return errShape
		}
		for _, one := range list {
			if _, err := readFormer(one); err != nil {
				return err
			}
		}
	}
	return nil
}

func readFormer(value interface{}) (head, error) {
	text, _ := value.(string)
	opened, err := readNote([]byte(text))
	if err != nil {
		return head{}, err
	}
	return readCheckpoint(opened.text)
}

func (a *audit) checkTree(leaves []hash) {
	holds := rootOf(leaves) == a.head.root
	if !holds {
		a.isWrong(nowhere)
	}
	row := above(leaves)
	for level := uint(1); len(row) > 0; level++ {
		for start := 0; start < len(row); start += 256 {
			width := len(row) - start
			if width > 256 {
				width = 256
			}
			tile := a.readTile(level, int64(start/256), width)
			for i := range tile {
				if holds && tile[i] != row[start+i] {
					a.isWrong(int64(start+i) << (8 * level))
					break
				}
			}
		}
		row = above(row)
	}
}

// above returns the roots over each full 256 of a row.
func above(row []hash) []hash {
	var roots []hash
	for ; len(row) >= 256; row = row[256:] {
		roots = append(roots, rootOf(row[:256]))
	}
	return roots
}

func (a *audit) told(held []seen, main *audit) told {
	witnessed := a.witnessed(held)
	found := told{Size: a.head.size, Erased: a.erased, Unwitnessed: a.head.size, Verdict: "CONSISTENT"}
	if witnessed > 0 {
		found.Unwitnessed -= witnessed
	}
	switch {
	case len(a.wrong) > 0:
		found.Verdict = "INVALID"
	case len(a.missing) > 0:
		found.Verdict = "INCOMPLETE"
	case witnessed == a.head.size:
		found.Verdict = "WITNESSED"
	}
	for _, position := range append(append([]int64{}, a.wrong...), a.missing...) {
		if at := position; at != nowhere && (found.First == nil || at < *found.First) {
			found.First = &at
		}
	}
	if main != nil {
		tail := a.head.size
		for _, mark := range held {
			for _, one := range main.anchors {
				if one == mark.head && a.head.size-one.size < tail {
					tail = a.head.size - one.size
				}
			}
		}
		found.Unanchored = &tail
	}
	return found
}

func (a *audit) witnessed(held []seen) int64 {
	if len(a.trust.witnesses) == 0 {
		return -1
	}
	sizes := make([]int64, len(a.trust.witnesses))
	for i := range sizes {
		sizes[i] = -1
		for _, mark := range held {
			for _, by := range mark.by {
				if by == i && mark.size > sizes[i] {
					sizes[i] = mark.size
				}
			}
		}
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] > sizes[j] })
	return sizes[a.trust.quorum-1]
}

func judgeFolder(folder, text string, kept []string) (told, error) {
	trusted, err := readKey(text, 1)
	if err != nil {
		return told{}, fmt.Errorf("key: %w", err)
	}
	var earlier []byte
	if len(kept) == 1 {
		if earlier, err = os.ReadFile(kept[0]); err != nil {
			return told{}, err
		}
	}
	return (&audit{files: files(folder), trust: trust{key: trusted}}).judge(earlier, nil), nil
}

// --- the vectors

type vector struct {
	Name          string
	Text          *string
	Base64        string
	Entry         string
	Key           string
	Algorithm     byte
	Salt          string
	Payload       string
	Commitment    string
	LeafHash      string `json:"leaf_hash"`
	Root          string
	Proof         []string
	Index         int64
	Size          int64
	Old           int64
	New           int64
	OldRoot       string `json:"old_root"`
	NewRoot       string `json:"new_root"`
	Tiles         map[string]string
	Level         int
	Width         int
	Path          string
	Rows          []row
	Last          *row
	Witnesses     []string
	Quorum        *int
	Folder        string
	Earlier       *string
	Main          *string
	MainKey       *string `json:"main_key"`
	EntriesInFile string  `json:"entries"`
}

type row struct {
	Number   uint64 `json:"sequence_number"`
	Previous string `json:"previous_hash"`
	Hash     string `json:"entry_hash"`
	Entry    string
}

func (v vector) data() []byte {
	if v.Text != nil {
		return []byte(*v.Text)
	}
	raw, err := base64.StdEncoding.DecodeString(v.Base64)
	if err != nil {
		panic(err)
	}
	return raw
}

func (v vector) trust() (trust, error) {
	found := trust{quorum: len(v.Witnesses)}
	var err error
	if found.key, err = readKey(v.Key, 1); err != nil {
		return found, err
	}
	for _, text := range v.Witnesses {
		one, err := readKey(text, 4)
		if err != nil {
			return found, err
		}
		found.witnesses = append(found.witnesses, one)
	}
	if v.Quorum != nil {
		found.quorum = *v.Quorum
	}
	return found, nil
}

func judgeVectors(folder string) (map[string][]interface{}, error) {
	judges := map[string]func(vector) interface{}{
		"entries": func(v vector) interface{} {
			_, err := readEntry(v.data())
			sum := leafHash(v.data())
			return err == nil && hex.EncodeToString(sum[:]) == v.LeafHash
		},
		"payloads":    func(v vector) interface{} { return commits(v) },
		"chain":       func(v vector) interface{} { return firstBadLink(v) },
		"trees":       func(v vector) interface{} { return isTree(v) },
		"paths":       func(v vector) interface{} { return isPath(v) },
		"inclusion":   func(v vector) interface{} { return includes(v) },
		"consistency": func(v vector) interface{} { return goesOn(v) },
		"keys": func(v vector) interface{} {
			_, err := readKey(v.Key, v.Algorithm)
			return err == nil
		},
		"checkpoints": func(v vector) interface{} {
			trusted, err := v.trust()
			if err != nil {
				return err.Error()
			}
			found, err := trusted.open(v.data())
			return err == nil && found.size == v.Size && hex.EncodeToString(found.root[:]) == v.Root
		},
		"cosignatures": func(v vector) interface{} {
			trusted, err := v.trust()
			if err != nil {
				return err.Error()
			}
			found, err := trusted.open(v.data())
			if err != nil {
				return nil
			}
			return len(v.Witnesses) > 0 && len(found.by) >= trusted.quorum
		},
		"proof-files": func(v vector) interface{} {
			trusted, err := readKey(v.Key, 1)
			return err == nil && checkProofFile(v.data(), []byte(v.Entry), trusted) == nil
		},
		"bundles": func(v vector) interface{} { return judgeBundle(folder, v) },
	}
	found := map[string][]interface{}{}
	for name, judge := range judges {
		data, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if err != nil {
			return nil, err
		}
		var vectors []vector
		if err := json.Unmarshal(data, &vectors); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, one := range vectors {
			found[name] = append(found[name], judge(one))
		}
	}
	return found, nil
}

func judgeBundle(folder string, v vector) interface{} {
	trusted, err := v.trust()
	if err != nil {
		return err.Error()
	}
	var kept []byte
	if v.Earlier != nil {
		kept = []byte(*v.Earlier)
	}
	var main *audit
	if v.Main != nil {
		other, err := readKey(*v.MainKey, 1)
		if err != nil {
			return err.Error()
		}
		main = &audit{files: files(filepath.Join(folder, *v.Main)), trust: trust{key: other}}
	}
	return (&audit{files: files(filepath.Join(folder, v.Folder)), trust: trusted}).judge(kept, main)
}

func commits(v vector) bool {
	salt, err := hex.DecodeString(v.Salt)
	payload, other := hex.DecodeString(v.Payload)
	if err != nil || other != nil || len(salt) != 32 {
		return false
	}
	sum := sha256.Sum256(append(append([]byte("ephor/payload/1\x00"), salt...), payload...))
	return "sha256:"+hex.EncodeToString(sum[:]) == v.Commitment
}

func firstBadLink(v vector) interface{} {
	before := make([]byte, 32)
	met := v.Last == nil
	for i, one := range v.Rows {
		k := make([]byte, 8)
		binary.BigEndian.PutUint64(k, uint64(i+1))
		framed := append(append(append([]byte("ephor/chain/1\x00"), k...), before...), one.Entry...)
		sum := sha256.Sum256(framed)
		if one.Number != uint64(i+1) || one.Previous != hex.EncodeToString(before) || one.Hash != hex.EncodeToString(sum[:]) {
			return i + 1
		}
		met = met || one.Hash == v.Last.Hash
		before = sum[:]
	}
	if met {
		return nil
	}
	if end := uint64(len(v.Rows) + 1); end < v.Last.Number {
		return end
	}
	return v.Last.Number
}

func isTree(v vector) bool {
	leaves := make([]hash, v.Size)
	for i := range leaves {
		leaves[i] = leafHash([]byte(fmt.Sprintf("leaf %d", i)))
	}
	root := rootOf(leaves)
	files := map[string]string{}
	for level, row := 0, leaves; len(row) > 0; level, row = level+1, above(row) {
		for start := 0; start < len(row); start += 256 {
			end := start + 256
			if end > len(row) {
				end = len(row)
			}
			var joined []byte
			for _, one := range row[start:end] {
				joined = append(joined, one[:]...)
			}
			sum := sha256.Sum256(joined)
			files[fmt.Sprintf("tile/%d/%s", level, place(int64(start/256), end-start))] = hex.EncodeToString(sum[:])
		}
	}
	for path, sum := range v.Tiles {
		if files[path] != sum {
			return false
		}
	}
	return hex.EncodeToString(root[:]) == v.Root
}

func isPath(v vector) bool {
	path := place(v.Index, v.Width)
	return v.Path == fmt.Sprintf("tile/%d/%s", v.Level, path) && v.EntriesInFile == "tile/entries/"+path
}

func includes(v vector) bool {
	hashes, err := toHashes(append([]string{v.LeafHash, v.Root}, v.Proof...))
	return err == nil && checkInclusion(hashes[0], v.Index, v.Size, hashes[1], hashes[2:]) == nil
}

func goesOn(v vector) bool {
	hashes, err := toHashes(append([]string{v.OldRoot, v.NewRoot}, v.Proof...))
	return err == nil && checkConsistency(v.Old, v.New, hashes[0], hashes[1], hashes[2:]) == nil
}
