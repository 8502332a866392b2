// Package zerologscan masks protected health information in zerolog's events.
//
// zerolog encodes a field the moment it is added, and its hooks see the level and the message only, so nothing can
// stand before its encoder as a whole. There are three pieces, each complete in what it says it covers:
//
//   - [NewWriter] masks the encoded event before it leaves the process: every field, by its name and by the detectors,
//     whoever added it. No line of a program changes but the one that makes the logger.
//   - [Install] masks before encoding what goes through zerolog's own hooks for values: those of Interface, Any and
//     Fields that zerolog hands to encoding/json, errors, and stacks of errors. Only there are types known.
//   - [Logger] and [Event] are a logger whose methods mask before they encode.
//
// Use the first two together, and the third where a value must not even be in the event's buffer.
package zerologscan

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

// Writer masks events on their way to another writer.
type Writer struct {
	next   io.Writer
	masker *scan.Masker
}

// NewWriter returns a writer that masks events and hands them on to next:
//
//	logger := zerolog.New(zerologscan.NewWriter(os.Stderr, masker))
//
// With a zerolog.ConsoleWriter as next, the console shows masked events.
func NewWriter(next io.Writer, masker *scan.Masker) *Writer { return &Writer{next, masker} }

// WriteLevel masks one event. An event that is no JSON object, because a part of it was raw, is written as a JSON
// object with the masked text of it.
func (w *Writer) WriteLevel(level zerolog.Level, event []byte) (int, error) {
	masked := w.event(level, event)
	var err error
	if next, ok := w.next.(zerolog.LevelWriter); ok {
		_, err = next.WriteLevel(level, masked)
	} else {
		_, err = w.next.Write(masked)
	}
	if err != nil {
		return 0, err
	}
	return len(event), nil
}

// Write masks text that is no event of zerolog, such as lines of package log, line by line.
func (w *Writer) Write(text []byte) (int, error) {
	var masked bytes.Buffer
	for rest := text; len(rest) > 0; {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		masked.Write(w.line(line))
		if found {
			masked.WriteByte('\n')
		}
		rest = after
	}
	if _, err := w.next.Write(masked.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (w *Writer) line(line []byte) []byte {
	if masked, ok := w.masker.Root().JSON(line); ok {
		return masked
	}
	return []byte(w.masker.Text(string(line)))
}

func (w *Writer) event(level zerolog.Level, event []byte) []byte {
	object := bytes.TrimLeft(event, " ")
	if len(object) > 0 && object[0] == '{' {
		if masked, ok := w.masker.Root().JSON(event); ok {
			return masked
		}
	}
	doc, err := json.Marshal(map[string]string{
		zerolog.LevelFieldName:   zerolog.LevelFieldMarshalFunc(level),
		zerolog.MessageFieldName: w.masker.Text(string(bytes.TrimSpace(event))),
	})
	if err != nil {
		return []byte("{}\n")
	}
	return append(doc, '\n')
}
