// Gomod has an exported log judged by the code of the Go checksum database: golang.org/x/mod/sumdb/note and tlog.
//
//	gomod BUNDLE KEY PROOFS SEED
//
// KEY is the verifier key. PROOFS is a JSON file of proofs the log's owner made, checked with tlog as well. SEED picks
// the entries whose inclusion tlog proves for itself. It prints what it checked, or ends with status 1 and the reason.
//
// The paths of tlog name the tile's height (tile/8/0/000), those of C2SP tlog-tiles do not; that, the first line of a
// checkpoint and the framing of entry bundles are all that is ours here.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type proofs struct {
	Inclusion []struct {
		Index  int64
		Leaf   string
		Hashes []string
	}
	Consistency []struct {
		Checkpoint string
		Hashes     []string
	}
}

type told struct {
	Size        int64  `json:"size"`
	Root        string `json:"root"`
	Tiles       int    `json:"tiles"`
	Entries     int64  `json:"entries"`
	Inclusion   int    `json:"inclusion"`
	Consistency int    `json:"consistency"`
}

func main() {
	if len(os.Args) != 5 {
		fail(fmt.Errorf("usage: gomod BUNDLE KEY PROOFS SEED"))
	}
	seed, err := strconv.ParseInt(os.Args[4], 10, 64)
	if err != nil {
		fail(err)
	}
	result, err := judge(os.Args[1], os.Args[2], os.Args[3], seed)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// folder reads tiles of a C2SP log for tlog.
type folder struct{ root string }

func (f folder) Height() int { return height }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		read, err := os.ReadFile(filepath.Join(f.root, place(tile)))
		if err != nil {
			return nil, err
		}
		data[i] = read
	}
	return data, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

// place returns the C2SP path of a tile.
func place(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func judge(root, key, file string, seed int64) (*told, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	signed, err := os.ReadFile(filepath.Join(root, "checkpoint"))
	if err != nil {
		return nil, err
	}
	tree, err := openCheckpoint(signed, verifier)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	result := &told{Size: tree.N, Root: tree.Hash.String()}
	reader := tlog.TileHashReader(tree, folder{root})
	if err := checkTiles(root, tree, reader, result); err != nil {
		return nil, fmt.Errorf("tiles: %w", err)
	}
	leaves, err := checkEntries(root, tree, reader, result)
	if err != nil {
		return nil, fmt.Errorf("entries: %w", err)
	}
	dice := rand.New(rand.NewSource(seed))
	for _, n := range []int64{0, tree.N - 1, tree.N / 2, dice.Int63n(tree.N), dice.Int63n(tree.N), dice.Int63n(tree.N)} {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return nil, fmt.Errorf("inclusion of %d: %w", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[n]); err != nil {
			return nil, fmt.Errorf("inclusion of %d: %w", n, err)
		}
		result.Inclusion++
	}
	return result, checkProofs(file, tree, verifier, reader, leaves, result)
}

// openCheckpoint returns the tree in a signed note. ParseTree knows one origin only, so that line is ours.
func openCheckpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin, rest, _ := strings.Cut(opened.Text, "\n")
	if origin != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q is not that of the key", origin)
	}
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	if err == nil && string(tlog.FormatTree(tree)) != "go.sum database tree\n"+rest {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not written as tlog writes it")
	}
	return tree, err
}

// checkTiles reads every hash of every tile through tlog, which holds each tile against the root, and lets no file be
// that belongs to no tile.
func checkTiles(root string, tree tlog.Tree, reader tlog.HashReader, result *told) error {
	expected := map[string]bool{"checkpoint": true}
	for _, tile := range widest(tlog.NewTiles(height, 0, tree.N)) {
		expected[place(tile)] = true
		if tile.L == 0 {
			tile.L = -1
			expected[place(tile)] = true
			tile.L = 0
		}
		indexes := make([]int64, tile.W)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(tile.L*height, tile.N<<height+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		stored, err := os.ReadFile(filepath.Join(root, place(tile)))
		if err != nil {
			return err
		}
		var joined []byte
		for _, hash := range hashes {
			joined = append(joined, hash[:]...)
		}
		if !bytes.Equal(stored, joined) {
			return fmt.Errorf("%s holds other hashes than tlog read", place(tile))
		}
		result.Tiles++
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil && !expected[filepath.ToSlash(name)] {
			return fmt.Errorf("%s belongs to no tile of a log of %d", name, tree.N)
		}
		return err
	})
}

// widest leaves out the narrower forms of a partial tile: older versions of tlog name each width up to the last.
func widest(tiles []tlog.Tile) []tlog.Tile {
	var kept []tlog.Tile
	for _, tile := range tiles {
		if last := len(kept) - 1; last >= 0 && kept[last].L == tile.L && kept[last].N == tile.N {
			kept[last] = tile
		} else {
			kept = append(kept, tile)
		}
	}
	return kept
}

// checkEntries returns the hash of each entry after comparing it with the hash in the tree.
func checkEntries(root string, tree tlog.Tree, reader tlog.HashReader, result *told) ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	for first := int64(0); first < tree.N; first += 1 << height {
		width := int64(1 << height)
		if tree.N-first < width {
			width = tree.N - first
		}
		name := place(tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)})
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends inside entry %d", name, i)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			leaves = append(leaves, tlog.RecordHash(data[2:end]))
			data = data[end:]
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s holds more than %d entries", name, width)
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			return nil, err
		}
		for i, hash := range hashes {
			if leaves[first+int64(i)] != hash {
				return nil, fmt.Errorf("entry %d does not have the hash in the tree", first+int64(i))
			}
			result.Entries++
		}
	}
	return leaves, nil
}

func checkProofs(file string, tree tlog.Tree, verifier note.Verifier, reader tlog.HashReader, leaves []tlog.Hash, result *told) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var given proofs
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	for _, one := range given.Inclusion {
		path, err := parseHashes(append(one.Hashes, one.Leaf))
		if err != nil {
			return err
		}
		leaf, path := path[len(path)-1], path[:len(path)-1]
		if leaf != leaves[one.Index] {
			return fmt.Errorf("the proof of entry %d is of another leaf", one.Index)
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, one.Index, leaf); err != nil {
			return fmt.Errorf("given inclusion proof of %d: %w", one.Index, err)
		}
		result.Inclusion++
	}
	for _, one := range given.Consistency {
		old, err := openCheckpoint([]byte(one.Checkpoint), verifier)
		if err != nil {
			return fmt.Errorf("earlier checkpoint: %w", err)
		}
		path, err := parseHashes(one.Hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(path, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("given consistency proof from %d: %w", old.N, err)
		}
		own, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(own, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("consistency with %d: %w", old.N, err)
		}
		result.Consistency++
	}
	return nil
}

func parseHashes(texts []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("%q is no hash", text)
		}
		copy(hashes[i][:], raw)
	}
	return hashes, nil
}
