package scan

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// planted are values that are found wherever they stand alone between blanks.
var planted = []string{"123-45-6789", "jane.canary@example.com", "4111111111111111", "DE89370400440532013000"}

// FuzzText states what must hold for any text: no panic, no planted value in what comes out, and JSON if JSON went in.
func FuzzText(f *testing.F) {
	for _, c := range readCases(f, filepath.Join("testdata", "cases.tsv")) {
		f.Add("", c[0], "")
	}
	for _, unit := range hostile {
		f.Add(unit+unit, "x", unit)
	}
	m := New()
	f.Fuzz(func(t *testing.T, before, text, after string) {
		for _, value := range planted {
			out := m.Text(before + "\n" + value + "\n" + after)
			if strings.Contains(out, value) && !strings.Contains(before+after, value) {
				t.Errorf("%q comes out of %q", value, before+"\n"+value+"\n"+after)
			}
		}
		out := m.Text(text)
		if json.Valid([]byte(text)) && !json.Valid([]byte(out)) && opens(text) {
			t.Errorf("%q is JSON, %q is not", text, out)
		}
		if masked, ok := m.Root().JSON([]byte(text)); ok != json.Valid([]byte(text)) {
			t.Errorf("%q: JSON is %v", text, ok)
		} else if ok && !json.Valid(masked) {
			t.Errorf("%q gives %q", text, masked)
		}
		doc, err := json.Marshal(map[string]any{"note": text, "ssn": text + "canary", "m": map[string]string{before: after}})
		if err != nil {
			t.Fatal(err)
		}
		for _, masked := range [][]byte{m.Root().Value(map[string]any{"note": text, "ssn": text + "canary"}), mustMask(t, m, doc)} {
			if !json.Valid(masked) || bytes.Contains(masked, []byte("canary")) && !strings.Contains(before+text+after, "canary") {
				t.Errorf("%q gives %q", doc, masked)
			}
		}
	})
}

func mustMask(t *testing.T, m *Masker, doc []byte) []byte {
	masked, ok := m.Root().JSON(doc)
	if !ok {
		t.Fatalf("%q is not taken for JSON", doc)
	}
	return masked
}

// opens reports whether a text is an object or array of what can hold a value.
func opens(text string) bool {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	return trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') && opensDocument(trimmed, 0)
}
