package scan

import "strings"

// ibanLengths has the length of the account numbers of each country.
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
	"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
	"FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
	"IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
	"PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
	"SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}

// ibanAt finds an international bank account number: a country, its length, a sum of 1 modulo 97.
func ibanAt(s string, i int) (int, bool) {
	if len(s)-i < 15 || kinds[s[i]]&upper == 0 || kinds[s[i+1]]&upper == 0 || kinds[s[i+2]]&digit == 0 ||
		kinds[s[i+3]]&digit == 0 {
		return 0, false
	}
	length := ibanLengths[s[i:i+2]]
	if length == 0 {
		return 0, false
	}
	var number [34]byte
	n, end := 0, i
	for n < length && end < len(s) {
		b := s[end]
		switch {
		case kinds[b]&(upper|digit) != 0:
			number[n] = b
			n++
		case b == ' ' && n%4 == 0 && n > 0:
		default:
			return 0, false
		}
		end++
	}
	if n < length || kinds[at(s, end)]&(lower|upper|digit|under) != 0 {
		return 0, false
	}
	return end, mod97(number[4:n], number[:4]) == 1
}

// mod97 is the remainder of the parts as one number, letters being 10 to 35.
func mod97(parts ...[]byte) int {
	rest := 0
	for _, part := range parts {
		for _, b := range part {
			if kinds[b]&digit != 0 {
				rest = (rest*10 + int(b-'0')) % 97
			} else {
				rest = (rest*100 + int(b-'A') + 10) % 97
			}
		}
	}
	return rest
}

// vinWeights and vinValue are those of 49 CFR 565.15.
var vinWeights = [17]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}

func vinValue(b byte) (int, bool) {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0'), true
	case b >= 'A' && b <= 'H':
		return int(b-'A') + 1, true
	case b >= 'J' && b <= 'N':
		return int(b-'J') + 1, true
	case b == 'P':
		return 7, true
	case b == 'R':
		return 9, true
	case b >= 'S' && b <= 'Z':
		return int(b-'S') + 2, true
	}
	return 0, false
}

// vinAt finds a vehicle identification number: 17 characters, a check digit, a number of four digits at the end.
func vinAt(s string, i, end int) (int, bool) {
	if end-i != 17 {
		return 0, false
	}
	sum, letters := 0, 0
	for at := 0; at < 17; at++ {
		value, ok := vinValue(s[i+at])
		if !ok {
			return 0, false
		}
		if kinds[s[i+at]]&upper != 0 {
			letters++
		}
		sum += value * vinWeights[at]
	}
	check := byte('0' + sum%11)
	if sum%11 == 10 {
		check = 'X'
	}
	return end, s[i+8] == check && letters >= 2 && digitsAt(s, i+13, 4)
}

// mbiForm is the form of a Medicare beneficiary identifier: 9 a digit but 0, 0 a digit, A a letter, X either.
const mbiForm = "9AX0AX0AA00"

// mbiAt finds a Medicare beneficiary identifier, with or without its hyphens.
func mbiAt(s string, i int) (int, bool) {
	if b := at(s, i); b < '1' || b > '9' || kinds[at(s, i+1)]&upper == 0 || !begins(s, i) {
		return 0, false
	}
	end := i
	for n := 0; n < len(mbiForm); n++ {
		if (n == 4 || n == 7) && at(s, end) == '-' {
			end++
		}
		b := at(s, end)
		isDigit := kinds[b]&digit != 0
		isLetter := kinds[b]&upper != 0 && strings.IndexByte("SLOIBZ", b) < 0
		ok := false
		switch mbiForm[n] {
		case '9', '0':
			ok = isDigit
		case 'A':
			ok = isLetter
		case 'X':
			ok = isDigit || isLetter
		}
		if !ok {
			return 0, false
		}
		end++
	}
	return end, ends(s, end)
}

const hexDigits = "0123456789abcdefABCDEF"

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if !has(hexDigits, s[i]) {
			return false
		}
	}
	return len(s) > 0
}

// isUUID reports whether a UUID stands at i.
func isUUID(s string, i int) bool {
	if i+36 > len(s) {
		return false
	}
	for n := 0; n < 36; n++ {
		b := s[i+n]
		if n == 8 || n == 13 || n == 18 || n == 23 {
			if b != '-' {
				return false
			}
		} else if !has(hexDigits, b) {
			return false
		}
	}
	return true
}

// opaque reports whether a token is a UUID, or a hash or trace id in hex.
func opaque(token string) bool {
	if len(token) >= 36 && isUUID(token, 0) {
		return true
	}
	return len(token) >= 16 && isHex(token) && countDigits(token) < len(token)
}
