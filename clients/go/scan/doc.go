// Package scan finds protected health information (PHI) and secrets in text and in Go values, and masks them.
//
// A Masker is made once and shared. It masks in three ways:
//
//   - by type: a [PHI] value shows [PHI] wherever it is printed or encoded, and [WithType] names types of others;
//   - by field name: the table fields.tsv says that the value of "patientLastName" is a name;
//   - by detector: e-mail addresses, social security numbers, telephone numbers and more are found in any text.
//
// What was found is replaced by its class, for example [SSN]. No method panics, whatever the value is, and no error
// or output of the package holds a value that was found.
//
// The packages zapscan, zerologscan and slogscan put a Masker in front of the three loggers.
package scan
