package scan

// A Class is the kind of a value that was found: one of the 18 identifiers of the HIPAA Safe Harbor method
// (45 CFR 164.514(b)(2)(i), (A) to (R) in its order), or a secret.
type Class uint8

const (
	// None is no class: the value says nothing of a person.
	None Class = iota
	// Name is a person's name.
	Name
	// Geography is a place smaller than a state: street, city, county, ZIP code, coordinates.
	Geography
	// Date is a date that is tied to a person, or an age over 89.
	Date
	// Phone is a telephone number.
	Phone
	// Fax is a fax number.
	Fax
	// Email is an electronic mail address.
	Email
	// SSN is a social security number.
	SSN
	// MRN is a medical record number.
	MRN
	// HealthPlan is a health plan beneficiary number.
	HealthPlan
	// Account is an account number: a bank account, a payment card.
	Account
	// License is a certificate or licence number.
	License
	// Vehicle is a vehicle identifier: a VIN, a licence plate.
	Vehicle
	// Device is a device identifier or serial number.
	Device
	// URL is a web address that leads to a person.
	URL
	// IP is an Internet protocol address.
	IP
	// Biometric is a biometric identifier.
	Biometric
	// Photo is a full-face photograph or a comparable image.
	Photo
	// UniqueID is any other number, characteristic or code that identifies a person.
	UniqueID
	// Secret is a token, key or password. It identifies nobody and must not be in a log either.
	Secret

	numClasses = int(Secret) + 1
)

// classNames has the names as settings and reports have them, and the masks.
var classNames = [numClasses]struct{ name, mask string }{
	Name:       {"name", "[NAME]"},
	Geography:  {"geography", "[GEOGRAPHY]"},
	Date:       {"date", "[DATE]"},
	Phone:      {"phone", "[PHONE]"},
	Fax:        {"fax", "[FAX]"},
	Email:      {"email", "[EMAIL]"},
	SSN:        {"ssn", "[SSN]"},
	MRN:        {"mrn", "[MRN]"},
	HealthPlan: {"health-plan", "[HEALTH-PLAN]"},
	Account:    {"account", "[ACCOUNT]"},
	License:    {"license", "[LICENSE]"},
	Vehicle:    {"vehicle", "[VEHICLE]"},
	Device:     {"device", "[DEVICE]"},
	URL:        {"url", "[URL]"},
	IP:         {"ip", "[IP]"},
	Biometric:  {"biometric", "[BIOMETRIC]"},
	Photo:      {"photo", "[PHOTO]"},
	UniqueID:   {"unique-id", "[UNIQUE-ID]"},
	Secret:     {"secret", "[SECRET]"},
}

// Refused stands for a value that could not be masked and was left out: too large, too deep, not encodable.
const Refused = "[REFUSED]"

// Classes returns all classes but None, in order.
func Classes() []Class {
	all := make([]Class, 0, numClasses-1)
	for c := Name; int(c) < numClasses; c++ {
		all = append(all, c)
	}
	return all
}

// ParseClass returns the class of that name. The name of None is "none".
func ParseClass(name string) (Class, bool) {
	if name == None.String() {
		return None, true
	}
	for c := Name; int(c) < numClasses; c++ {
		if classNames[c].name == name {
			return c, true
		}
	}
	return None, false
}

// String returns the name of the class in settings and reports, such as "health-plan".
func (c Class) String() string {
	if c == None || int(c) >= numClasses {
		return "none"
	}
	return classNames[c].name
}

// Mask returns what stands in the place of a value, such as "[HEALTH-PLAN]".
func (c Class) Mask() string {
	if c == None || int(c) >= numClasses {
		return Refused
	}
	return classNames[c].mask
}

// isMask reports whether a text is what a masked value was replaced by, so that nothing is masked twice.
func isMask(s string) bool {
	if len(s) < 4 || s[0] != '[' || s[len(s)-1] != ']' {
		return false
	}
	if s == Refused || s == protected {
		return true
	}
	for c := Name; int(c) < numClasses; c++ {
		if classNames[c].mask == s {
			return true
		}
	}
	return false
}
