// Merkletree reads the entry bundles of an exported log and prints the root that the merkletree package of Nebulous
// Labs (written for Sia's file contracts) makes of them, and checks proofs with it.
//
//	merkletree BUNDLE SIZE PROOFS
//
// PROOFS is a JSON file of inclusion proofs; each one that does not hold ends the program with status 1.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/NebulousLabs/merkletree"
)

type proofs struct {
	Inclusion []struct {
		Index  uint64
		Hashes []string
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 4 {
		return fmt.Errorf("usage: merkletree BUNDLE SIZE PROOFS")
	}
	size, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	entries, err := read(os.Args[1], size)
	if err != nil {
		return err
	}
	tree := merkletree.New(sha256.New())
	for _, entry := range entries {
		tree.Push(entry)
	}
	root := tree.Root()
	data, err := os.ReadFile(os.Args[3])
	if err != nil {
		return err
	}
	var given proofs
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	for _, one := range given.Inclusion {
		path := [][]byte{entries[one.Index]}
		for _, text := range one.Hashes {
			hash, err := hex.DecodeString(text)
			if err != nil {
				return err
			}
			path = append(path, hash)
		}
		if !merkletree.VerifyProof(sha256.New(), root, path, one.Index, uint64(size)) {
			return fmt.Errorf("the proof of entry %d does not hold", one.Index)
		}
	}
	fmt.Println(hex.EncodeToString(root), len(given.Inclusion))
	return nil
}

func read(root string, size int) ([][]byte, error) {
	var entries [][]byte
	for first := 0; first < size; first += 256 {
		name := fmt.Sprintf("%03d", first/256)
		if size-first < 256 {
			name += fmt.Sprintf(".p/%d", size-first)
		}
		data, err := os.ReadFile(filepath.Join(root, "tile", "entries", name))
		if err != nil {
			return nil, err
		}
		for len(data) >= 2 {
			end := 2 + int(binary.BigEndian.Uint16(data))
			if end > len(data) {
				return nil, fmt.Errorf("%s ends inside an entry", name)
			}
			entries, data = append(entries, data[2:end]), data[end:]
		}
	}
	if len(entries) != size {
		return nil, fmt.Errorf("%d entries instead of %d", len(entries), size)
	}
	return entries, nil
}
