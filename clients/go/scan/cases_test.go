package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unescapeCase turns the escapes of a case file into what they stand for.
var unescapeCase = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")

// sharedCases is the folder of the cases that the Rust crate has, too. tests/go/run.sh sets it; a checkout has it
// three folders up.
func sharedCases() string {
	if folder := os.Getenv("VOUCHSAFE_VECTORS"); folder != "" {
		return filepath.Join(folder, "scan", "cases.tsv")
	}
	return filepath.Join("..", "..", "..", "vectors", "scan", "cases.tsv")
}

func readCases(t testing.TB, path string) [][2]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases [][2]string
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		input, want, changed := strings.Cut(line, "\t")
		if !changed {
			want = input
		}
		cases = append(cases, [2]string{unescapeCase.Replace(input), unescapeCase.Replace(want)})
	}
	if len(cases) < 40 {
		t.Fatalf("%s has %d cases only", path, len(cases))
	}
	return cases
}

func TestTextIsMaskedAsTheCasesSay(t *testing.T) {
	m := New()
	for _, path := range []string{sharedCases(), filepath.Join("testdata", "cases.tsv")} {
		for _, c := range readCases(t, path) {
			if got := m.Text(c[0]); got != c[1] {
				t.Errorf("%s\n input %q\n   got %q\n  want %q", path, c[0], got, c[1])
			}
			if got := m.Text(c[1]); got != c[1] {
				t.Errorf("%s\nmasked twice %q\n         got %q", path, c[1], got)
			}
		}
	}
}
