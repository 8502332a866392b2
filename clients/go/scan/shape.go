package scan

import (
	"net/netip"
	"strings"
)

// plausible reports whether a value has a form of the class, in a field or after words of which phrase is the end. It
// is asked where the name alone proves too little: the "account" of a request can be a number or a word.
func plausible(class Class, phrase, value string) bool {
	switch class {
	case Name:
		return nameShape(phrase, value)
	case Geography:
		return placeShape(phrase, value)
	case Date:
		return dateShape(phrase, value)
	case Phone, Fax:
		return phoneShape(value)
	case Email:
		return strings.IndexByte(value, '@') > 0 && strings.IndexByte(value, ' ') < 0
	case SSN:
		end, ok := ssnAt(value, 0, true)
		return ok && end == len(value)
	case MRN, HealthPlan, UniqueID, License, Device, Account:
		return codeShape(class, value)
	case Vehicle:
		n := len(value)
		return n >= 5 && n <= 17 && countDigits(value) >= 2 && run(value, 0, upper|digit) == n
	case IP:
		return addressShape(value)
	case Biometric, Photo:
		return imageShape(class, value)
	case Secret:
		return secretShape(phrase, value)
	}
	return false
}

// weakNames are phrases with which things have names, too: one word with a capital letter is not enough.
var weakNames = list("name", "user", "author", "sender", "client name", "account name", "display name", "recipient",
	"customer", "user full name", "contact", "created by", "updated by", "modified by", "assigned to", "provider")

func nameShape(phrase, value string) bool {
	end, count := nameRun(value, 0, true)
	if end != len(value) && !(end == len(value)-1 && value[end] == '.') {
		return false
	}
	return count >= 2 || count == 1 && len(value) > 2 && !weakNames[phrase] && !shouting(value)
}

// shouting reports whether a word has capital letters only, as codes have.
func shouting(s string) bool { return run(s, 0, upper) == len(s) }

func placeShape(phrase, value string) bool {
	switch phrase {
	case "lat", "lon", "lng", "long", "geo", "coords", "coordinates", "location":
		first, rest, pair := strings.Cut(value, ",")
		if coordinate(first) && (!pair || coordinate(strings.TrimSpace(rest))) {
			return true
		}
	}
	if kinds[at(value, 0)]&digit != 0 && strings.IndexByte(value, ':') < 0 {
		if _, ok := streetAt(value, 0); ok {
			return true
		}
		house := run(value, 0, digit|lower|upper)
		return house <= 6 && phrase != "line" && at(value, house) == ' ' && kinds[at(value, house+1)]&(letter|digit) != 0 &&
			placeWords(value[house+1:])
	}
	if _, ok := boxAt(value, 0); ok {
		return true
	}
	city, state, ok := strings.Cut(value, ", ")
	if ok && len(state) >= 2 && kinds[at(city, 0)]&(upper|wide) != 0 {
		_, known := states[state[:2]]
		return known && kinds[at(state, 2)]&word == 0
	}
	return false
}

// placeWords reports whether one of the words ends the name of a street: "12 elm st apt 4".
func placeWords(s string) bool {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '.' }) {
		if in(streetWords, w) {
			return true
		}
	}
	return false
}

func dateShape(phrase, value string) bool {
	switch phrase {
	case "age", "aged", "patient age":
		years, end, ok := figure(value, 0, 2, 3)
		return ok && end == len(value) && years >= oldAge && years <= oldestAge
	}
	if eightDigits(value) {
		return true
	}
	if kinds[at(value, 0)]&digit != 0 {
		_, ok := dateAt(value, 0)
		return ok
	}
	_, ok := monthFirstAt(value, 0)
	return ok
}

func phoneShape(value string) bool {
	end, digits := phoneRun(value, skip(value, 0, "+", 1))
	if extensionAt(value, end) != len(value) {
		return false
	}
	gaps := end > digits
	return digits == 7 && gaps || digits == 10 || digits == 11 && value[0] == '1' ||
		digits >= 8 && digits <= 15 && value[0] == '+'
}

// codeShape reports whether a value is a number of a person: a token with four digits or more.
func codeShape(class Class, value string) bool {
	if end, ok := macAt(value, 0); ok && end == len(value) {
		return class == Device
	}
	if len(value) < 4 || len(value) > 40 || countDigits(value) < 4 {
		return false
	}
	for i := 0; i < len(value); i++ {
		if kinds[value[i]]&(lower|upper|digit) == 0 && !has("-/_", value[i]) &&
			!(value[i] == ' ' && class == Account) {
			return false
		}
	}
	if class == License && len(value) == 10 && countDigits(value) == 10 {
		return isNPI(value)
	}
	if opaque(value) {
		return class == UniqueID || class == MRN || class == HealthPlan || class == Account
	}
	// A day says nothing of a person without its context.
	end, ok := dateAt(value, 0)
	return !ok || end != len(value)
}

func addressShape(value string) bool {
	addr, ok := parseAddr(value)
	return ok && public(addr)
}

// parseAddr reads an address, with a port or without.
func parseAddr(value string) (netip.Addr, bool) {
	if pair, err := netip.ParseAddrPort(value); err == nil {
		return pair.Addr(), true
	}
	addr, err := netip.ParseAddr(strings.Trim(value, "[]"))
	return addr, err == nil
}

var imageEnds = []string{".jpg", ".jpeg", ".png", ".gif", ".heic", ".webp", ".bmp", ".tif", ".tiff", ".dcm"}

// imageShape reports whether a value is an image or a template: its file, its address, its bytes in base64.
func imageShape(class Class, value string) bool {
	if class == Photo {
		for _, end := range imageEnds {
			if len(value) > len(end) && equalFold(value[len(value)-len(end):], end) {
				return true
			}
		}
		if hasPrefixFold(value, "data:image/") {
			return true
		}
	}
	return len(value) >= 64 && tokenEnd(value, 0, "+/=-") == len(value) && !isHex(value)
}

func secretShape(phrase, value string) bool {
	if phrase == "pin" || phrase == "passcode" || phrase == "pin number" {
		return len(value) >= 4 && len(value) <= 8 && countDigits(value) == len(value)
	}
	if word := run(value, 0, lower|upper); at(value, word) == ' ' {
		_, to, ok := bearerAt(value, 0, word)
		return ok && to == len(value)
	}
	if len(value) < 8 || strings.ContainsAny(value, " \t\n") || hasPrefixFold(value, "0x") || !random(value) {
		return false
	}
	digits := countDigits(value)
	return run(value, 0, digit|joint) != len(value) && (digits > 0 || len(value) >= 24)
}
