package scan

// streetWords end the name of a street.
var streetWords = list("street", "st", "avenue", "ave", "av", "road", "rd", "boulevard", "blvd", "lane", "ln", "drive",
	"dr", "court", "ct", "way", "place", "pl", "terrace", "ter", "circle", "cir", "highway", "hwy", "parkway", "pkwy",
	"trail", "trl", "square", "sq", "loop", "crescent", "alley", "plaza", "pike", "turnpike", "broadway")

// unitWords begin the number of a flat.
var unitWords = list("apt", "apartment", "suite", "ste", "unit", "floor", "fl", "room", "rm", "bldg", "building", "lot")

// states has the postal codes; true for those that are words too, and need a comma before.
var states = map[string]bool{
	"AL": false, "AK": false, "AZ": false, "AR": false, "CA": false, "CO": true, "CT": false, "DE": true, "DC": true,
	"FL": false, "GA": false, "HI": true, "ID": true, "IL": false, "IN": true, "IA": false, "KS": false, "KY": false,
	"LA": true, "ME": true, "MD": true, "MA": false, "MI": false, "MN": false, "MS": true, "MO": false, "MT": true,
	"NE": true, "NV": false, "NH": false, "NJ": false, "NM": false, "NY": false, "NC": false, "ND": false, "OH": true,
	"OK": true, "OR": true, "PA": true, "PR": true, "RI": false, "SC": false, "SD": false, "TN": false, "TX": false,
	"UT": false, "VT": false, "VA": false, "WA": false, "WV": false, "WI": false, "WY": false,
}

const maxStreetWords = 5

// streetAt finds a street with its house number: 12 Elm Street, 1600 Pennsylvania Ave NW, Apt 4.
func streetAt(s string, i int) (int, bool) {
	house := run(s, i, digit)
	if kinds[at(s, house)]&(lower|upper) != 0 && at(s, house+1) == ' ' {
		house++
	}
	if house-i > 6 || at(s, house) != ' ' || !begins(s, i) {
		return 0, false
	}
	from := house + 1
	for n := 0; n <= maxStreetWords; n++ {
		if kinds[at(s, from)]&(upper|digit|wide) == 0 {
			return 0, false
		}
		end := from
		for kinds[at(s, end)]&word != 0 || at(s, end) == '\'' {
			end++
		}
		if n > 0 && in(streetWords, s[from:end]) {
			return cityAt(s, unitAt(s, end)), true
		}
		if at(s, end) == '.' {
			end++
		}
		if at(s, end) != ' ' {
			return 0, false
		}
		from = end + 1
	}
	return 0, false
}

// cityAt returns the end of a city, state and ZIP code after a street, or i.
func cityAt(s string, i int) int {
	from := i
	for n := 0; n < 4; n++ {
		if at(s, from) == ',' {
			from++
		}
		if at(s, from) != ' ' || kinds[at(s, from+1)]&(upper|wide) == 0 {
			return i
		}
		end := run(s, from+1, letter)
		if _, known := states[s[from+1:end]]; known && n > 0 {
			if zip := end + 1; at(s, end) == ' ' && digitsAt(s, zip, 5) {
				end = zip + 5
				if at(s, end) == '-' && digitsAt(s, end+1, 4) {
					end += 5
				}
			}
			return end
		}
		if at(s, end) == '.' {
			end++
		}
		from = end
	}
	return i
}

// unitAt returns the end of what follows a street: a direction, the number of a flat.
func unitAt(s string, i int) int {
	if at(s, i) == '.' && at(s, i+1) != 0 {
		i++
	}
	if from := i + 1; at(s, i) == ' ' {
		end := run(s, from, upper)
		if n := end - from; n >= 1 && n <= 2 && kinds[at(s, end)]&word == 0 {
			switch s[from:end] {
			case "N", "S", "E", "W", "NE", "NW", "SE", "SW":
				i = end
			}
		}
	}
	from := skip(s, i, ", ", 2)
	if at(s, from) == '#' {
		if end := run(s, from+1, word); end > from+1 {
			return end
		}
		return i
	}
	end := run(s, from, letter)
	if from == i || !in(unitWords, s[from:end]) {
		return i
	}
	number := skip(s, end, " .#", 3)
	if end = run(s, number, word); end > number && end-number <= 5 {
		return end
	}
	return i
}

// zip looks at a postal code of a state: a ZIP code after it, and the city before it, are masked with it.
func (sc *scanner) zip(i, end int) (int, bool) {
	s := sc.s
	common, known := states[s[i:end]]
	if !known || !digitsAt(s, end+1, 5) {
		return 0, false
	}
	to := end + 6
	if at(s, to) == '-' && digitsAt(s, to+1, 4) {
		to += 5
	}
	if !ends(s, to) {
		return 0, false
	}
	city := i
	if at(s, city-1) == ' ' {
		city--
	}
	comma := at(s, city-1) == ','
	if comma {
		city--
	}
	from := cityBefore(s, city, sc.done)
	if from == city && !(comma && at(s, city-1) == ']') || common && !comma {
		return 0, false
	}
	if from == city {
		from = i
	}
	return sc.found(from, to, Geography), true
}

// cityBefore returns where up to three capitalised words before i begin.
func cityBefore(s string, i, least int) int {
	from := i
	for n := 0; n < 3; n++ {
		to := from
		if n > 0 && at(s, to-1) == ' ' {
			to--
		} else if n > 0 {
			break
		}
		start := to
		for start > least && (kinds[s[start-1]]&letter != 0 || s[start-1] == '.' || s[start-1] == '\'') {
			start--
		}
		if start == to || kinds[s[start]]&(upper|wide) == 0 {
			break
		}
		from = start
	}
	return from
}

// boxAt finds a post office box: P.O. Box 123.
func boxAt(s string, i int) (int, bool) {
	if at(s, i)|0x20 != 'p' {
		return 0, false
	}
	for _, words := range []string{"p.o. box ", "po box ", "p.o.box ", "p o box "} {
		if hasPrefixFold(s[i:], words) {
			from := i + len(words)
			end := run(s, from, digit)
			return end, end > from && end-from <= 6
		}
	}
	return 0, false
}

// coordinatesAt finds latitude and longitude of a place in North America: 42.3601,-71.0589.
func coordinatesAt(s string, i int) (int, bool) {
	latitude, end, ok := figure(s, i, 2, 2)
	if !ok || latitude < 15 || latitude > 72 || at(s, end) != '.' || !begins(s, i) {
		return 0, false
	}
	fraction := end + 1
	if end = run(s, fraction, digit); end-fraction < 4 || at(s, end) != ',' {
		return 0, false
	}
	end = skip(s, end+1, " ", 1)
	if at(s, end) != '-' {
		return 0, false
	}
	longitude, end, ok := figure(s, end+1, 2, 3)
	if !ok || longitude < 52 || longitude > 179 || at(s, end) != '.' {
		return 0, false
	}
	fraction = end + 1
	end = run(s, fraction, digit)
	return end, end-fraction >= 4
}

// coordinate reports whether a number is a latitude or longitude of a house: three places after the point or more.
func coordinate(s string) bool {
	i := skip(s, 0, "+-", 1)
	degrees, end, ok := figure(s, i, 1, 3)
	if !ok || degrees > 180 || at(s, end) != '.' {
		return false
	}
	to := run(s, end+1, digit)
	return to == len(s) && to-end > 3
}
