package scan

import (
	"strings"
	"testing"
)

func TestEveryLineOfTheTableIsUnderstood(t *testing.T) {
	for i, line := range strings.Split(strings.TrimSuffix(shippedFields, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		phrase, _, ok := parseRule(line)
		if !ok {
			t.Fatalf("line %d is not understood", i+1)
		}
		var w words
		if w.split(phrase); string(w.text) != phrase {
			t.Errorf("line %d: the phrase %q would never match, it is split into %q", i+1, phrase, w.text)
		}
	}
	if len(shippedTable().phrases) < 1000 {
		t.Error("the table is too short")
	}
}

func TestNamesAreSplitIntoWords(t *testing.T) {
	for name, want := range map[string]string{
		"patientLastName":        "patient last name",
		"patient_last_name":      "patient last name",
		"PATIENT-LAST-NAME":      "patient last name",
		"patient.last name":      "patient last name",
		"MRNNumber":              "mrn number",
		"patientID":              "patient id",
		"ID":                     "id",
		"ssn4Last":               "ssn4 last",
		"":                       "",
		"___":                    "",
		"größeTest":              "größe test",
		strings.Repeat("a.", 99): strings.TrimSpace(strings.Repeat("a ", maxNameWords)),
	} {
		var w words
		if w.split(name); string(w.text) != want {
			t.Errorf("%q is split into %q, not %q", name, w.text, want)
		}
	}
}

func TestTheLongestPhraseWins(t *testing.T) {
	m := New()
	for name, want := range map[string]Class{
		"lastName": Name, "patientLastName": Name, "hostName": None, "file_name": None, "ssn": SSN, "patient.ssn": SSN,
		"mrn": MRN, "requestId": None, "birthDate": Date, "created": None, "homePhone": Phone, "faxNumber": Fax,
		"password": Secret, "count": None, "unheard of": None,
	} {
		if got := m.Field(name).match.class("Abc 123"); got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
}

func TestOwnNamesReplaceThoseOfTheTable(t *testing.T) {
	m := New(WithField("ward badge", UniqueID), WithField("zip", None))
	if got := m.Field("nightWardBadge").Text("x"); got != "[UNIQUE-ID]" {
		t.Error(got)
	}
	if got := m.Field("zip").Text("archive"); got != "archive" {
		t.Error(got)
	}
	if got := New().Field("nightWardBadge").Text("x"); got != "x" {
		t.Error("an option has changed the table of another Masker: " + got)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	m := New()
	for i := 0; i < 2*maxCached; i++ {
		m.Field("field" + strings.Repeat("x", i%90) + string(rune('a'+i%26)) + "Ssn").Text("1")
	}
	if n := len(*m.cache.known.Load()); n > maxCached {
		t.Errorf("%d names are remembered", n)
	}
	if got := m.Field("another_ssn").Text("1"); got != "[SSN]" {
		t.Error(got)
	}
}

func TestClassesHaveTheirNamesAndMasks(t *testing.T) {
	for _, class := range Classes() {
		if parsed, ok := ParseClass(class.String()); !ok || parsed != class {
			t.Errorf("%v is not parsed", class)
		}
		if want := "[" + strings.ToUpper(class.String()) + "]"; class.Mask() != want || !isMask(want) {
			t.Errorf("%v has the mask %s", class, class.Mask())
		}
	}
	if len(Classes()) != 19 {
		t.Error("a class is missing")
	}
	if _, ok := ParseClass("Name"); ok {
		t.Error("names of classes are in lower case")
	}
}
