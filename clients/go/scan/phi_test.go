package scan

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
)

const canary = "Jane Canary 123-45-6789"

type chart struct {
	Shown  PHI[string]            `json:"shown"`
	Nested struct{ In PHI[int] }  `json:"nested"`
	hidden PHI[string]            // package fmt calls no method of it
	list   []PHI[string]          // nor of these
	byName map[string]PHI[string] // nor of these
}

func canaryChart() *chart {
	p := Protect(canary)
	return &chart{Shown: p, hidden: p, list: []PHI[string]{p}, byName: map[string]PHI[string]{"a": p}}
}

func TestPHIIsNeverPrinted(t *testing.T) {
	p := Protect(canary)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T|%v", "%!"} {
		for _, value := range []any{p, &p, []any{p}, canaryChart(), *canaryChart()} {
			if text := fmt.Sprintf(strings.Replace(verb, "%T|", "", 1), value); strings.Contains(text, "Canary") {
				t.Errorf("%s prints the value: %s", verb, text)
			}
		}
	}
	if got := fmt.Sprintf("%v %s %+v %#v %d", p, p, p, p, p); got != "[PHI] [PHI] [PHI] [PHI] [PHI]" {
		t.Error(got)
	}
	if got := fmt.Errorf("no record of %v", p).Error(); got != "no record of [PHI]" {
		t.Error(got)
	}
}

func TestPHIIsNeverEncoded(t *testing.T) {
	doc, err := json.Marshal(canaryChart())
	if err != nil || string(doc) != `{"shown":"[PHI]","nested":{"In":"[PHI]"}}` {
		t.Errorf("%s %v", doc, err)
	}
	doc, err = xml.Marshal(Protect(canary))
	if err != nil || strings.Contains(string(doc), "Canary") {
		t.Errorf("%s %v", doc, err)
	}
	if got := string(New().Root().Value(canaryChart())); got != `{"shown":"[PHI]","nested":{"In":"[PHI]"}}` {
		t.Error(got)
	}
}

func TestPHIIsDecodedFromJSONAndRevealed(t *testing.T) {
	var in struct {
		Name PHI[string] `json:"name"`
		Age  PHI[int]    `json:"age"`
	}
	if err := json.Unmarshal([]byte(`{"name":"Jane","age":41}`), &in); err != nil {
		t.Fatal(err)
	}
	if in.Name.Reveal() != "Jane" || in.Age.Reveal() != 41 {
		t.Error("the value is another")
	}
	var zero PHI[int]
	if zero.Reveal() != 0 {
		t.Error("the zero PHI does not hold the zero value")
	}
}

func TestDecodingErrorsOfPHIHoldNoPartOfTheDocument(t *testing.T) {
	var age PHI[int]
	for _, doc := range []string{`"Canary"`, `{"Canary":1}`, `123456789123456789123456789`} {
		err := json.Unmarshal([]byte(doc), &age)
		if err == nil || strings.Contains(err.Error(), "Canary") || strings.Contains(err.Error(), "123456789") {
			t.Errorf("%v", err)
		}
	}
}
