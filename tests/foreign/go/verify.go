// Verify checks a Vouchsafe audit log with Go's own transparency-log packages
// (golang.org/x/mod/sumdb/note and sumdb/tlog), none of our code.
//
//	verify DIR VKEY
//
// DIR holds `checkpoint`, `tile/<L>/...` and `tile/entries/...` as in C2SP
// tlog-tiles. It verifies the signature of the checkpoint under VKEY, hashes
// every entry of every bundle, computes the root and every hash tile from these
// hashes alone, and compares them with the signed root and the stored tiles.
// It prints "verified N entries, root ..." and ends with 0, or says what is
// wrong and ends with 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: verify DIR VKEY")
		os.Exit(2)
	}
	tree, err := verify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT VERIFIED:", err)
		os.Exit(1)
	}
	fmt.Printf("verified %d entries, root %s\n", tree.N, tree.Hash)
}

func verify(dir, vkey string) (tlog.Tree, error) {
	tree, err := checkpoint(dir, vkey)
	if err != nil {
		return tree, err
	}
	reader := tlog.TileHashReader(tree, folder(dir))

	// The root from the tiles at the right edge alone.
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, reader)
		if err != nil {
			return tree, fmt.Errorf("tiles: %w", err)
		}
		if root != tree.Hash {
			return tree, errors.New("the tiles have another root than the checkpoint")
		}
	}

	// The root from the entries alone, beside the comparison with each leaf.
	var stored memory
	for start := int64(0); start < tree.N; start += width {
		entries, err := bundle(dir, start/width, min(width, tree.N-start))
		if err != nil {
			return tree, err
		}
		indexes := make([]int64, len(entries))
		for i := range entries {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return tree, fmt.Errorf("tiles: %w", err)
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return tree, fmt.Errorf("entry %d does not hash to its leaf", start+int64(i))
			}
			hashes, err := tlog.StoredHashes(start+int64(i), entry, stored)
			if err != nil {
				return tree, err
			}
			stored = append(stored, hashes...)
		}
	}
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, stored)
		if err != nil {
			return tree, err
		}
		if root != tree.Hash {
			return tree, errors.New("the entries have another root than the checkpoint")
		}
	}
	return tree, hashTiles(dir, tree, stored)
}

// hashTiles compares every hash tile of the tree byte for byte with what the
// entries make. It does not lean on tlog.TileHashReader for that: in x/mod 0.7.0
// it begins to authenticate full tiles at the number of subtrees, not of the
// tiles that hold them, and so trusts some unseen when subtrees share a tile.
func hashTiles(dir string, tree tlog.Tree, stored memory) error {
	for level := 0; tree.N>>(height*level) > 0; level++ {
		hashes := tree.N >> (height * level)
		for n := int64(0); n*width < hashes; n++ {
			tile := tlog.Tile{H: height, L: level, N: n, W: int(min(width, hashes-n*width))}
			expected, err := tlog.ReadTileData(tile, stored)
			if err != nil {
				return err
			}
			found, err := hashTile(dir, tile)
			if err != nil {
				return err
			}
			if string(found) != string(expected) {
				return fmt.Errorf("%s: not the hashes of the entries", path(tile))
			}
		}
	}
	return nil
}

// checkpoint opens the note and reads the three lines of C2SP tlog-checkpoint.
// (tlog.ParseTree reads those of the Go checksum database, which differ.)
func checkpoint(dir, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	message, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tree, err
	}
	signed, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tree, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("checkpoint: not of the log that the key names")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tree, errors.New("checkpoint: the size is not a number")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, errors.New("checkpoint: the root is not a hash")
	}
	tree.N = size
	copy(tree.Hash[:], root)
	if size == 0 && tree.Hash.String() != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		return tree, errors.New("checkpoint: the root of an empty log is the hash of nothing")
	}
	return tree, nil
}

// folder reads the tiles for sumdb/tlog.
type folder string

func (folder) Height() int                     { return height }
func (folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (dir folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = hashTile(string(dir), tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// hashTile gives the bytes of a hash tile.
func hashTile(dir string, tile tlog.Tile) ([]byte, error) {
	data, found, err := read(dir, tile)
	if err != nil {
		return nil, err
	}
	if len(data) != found*tlog.HashSize {
		return nil, fmt.Errorf("%s: %d bytes", path(tile), len(data))
	}
	return data[:tile.W*tlog.HashSize], nil
}

// read gives the bytes of a tile and its width: those of the full one when the
// log has deleted a partial one, as it may.
func read(dir string, tile tlog.Tile) ([]byte, int, error) {
	data, err := os.ReadFile(filepath.Join(dir, path(tile)))
	if errors.Is(err, fs.ErrNotExist) && tile.W < width {
		tile.W = width
		full, fullErr := os.ReadFile(filepath.Join(dir, path(tile)))
		if fullErr != nil {
			return nil, 0, err
		}
		return full, width, nil
	}
	return data, tile.W, err
}

// path is C2SP's: Go's has the height in it, and other words for entries.
func path(tile tlog.Tile) string {
	rest := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	if tile.L < 0 {
		rest = "entries" + strings.TrimPrefix(rest, "data")
	}
	return "tile/" + rest
}

// bundle reads the entries of one bundle: two big-endian bytes of length before
// each of them.
func bundle(dir string, index, count int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: -1, N: index, W: int(count)}
	data, found, err := read(dir, tile)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("%s: cut short", path(tile))
		}
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return nil, fmt.Errorf("%s: cut short", path(tile))
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if len(entries) != found {
		return nil, fmt.Errorf("%s: %d entries instead of %d", path(tile), len(entries), found)
	}
	return entries[:count], nil
}

// memory holds the tree's hashes in the order of sumdb/tlog.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(m)) {
			return nil, errors.New("a hash beyond the entries read so far")
		}
		hashes[i] = m[index]
	}
	return hashes, nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
