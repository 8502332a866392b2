// Package zapscan masks protected health information in zap's log entries before an encoder sees them.
//
//	masker := scan.New()
//	logger, err := zap.NewProduction(zapscan.Option(masker))
//
// It covers the message, the logger's name, the stack trace and fields of every type, those of With too, in objects,
// arrays, inline objects and namespaces. The caller's file, the level, the time, booleans, durations and complex
// numbers stay as they are.
//
// Hooks and cores that are put around the masking core later than it (zap.Hooks after Option) see the entries as they
// were logged, apart from the message.
package zapscan

import (
	"errors"
	"strings"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Option masks what a logger writes, whatever its core and encoders are.
func Option(masker *scan.Masker) zap.Option {
	return zap.WrapCore(func(core zapcore.Core) zapcore.Core { return NewCore(core, masker) })
}

// NewCore returns a core that masks entries and fields and hands them on to another.
func NewCore(next zapcore.Core, masker *scan.Masker) zapcore.Core {
	return &core{next: next, mask: mask{masker}}
}

type core struct {
	next zapcore.Core
	mask mask
}

func (c *core) Enabled(level zapcore.Level) bool { return c.next.Enabled(level) }

// Level lets zapcore.LevelOf see through the core.
func (c *core) Level() zapcore.Level { return zapcore.LevelOf(c.next) }

func (c *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{next: c.next.With(c.mask.fields(fields)), mask: c.mask}
}

// Check masks the message here, and not in Write: logger.Panic panics with the message of the checked entry.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.next.Enabled(entry.Level) {
		return checked
	}
	entry.Message = c.mask.text(entry.Message)
	// What follows decides for itself: a sampler may drop the entry, each core of a tee has its own level.
	next := c.next.Check(entry, nil)
	if next == nil {
		return checked
	}
	return checked.AddCore(entry, &pending{core: c, next: next, message: entry.Message})
}

func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	return c.safe(c.next.Write(c.mask.entry(entry), c.mask.fields(fields)))
}

func (c *core) Sync() error { return c.next.Sync() }

// safe returns an error with a masked text: zap writes it to the error output.
func (c *core) safe(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if masked := c.mask.text(text); masked != text {
		return errors.New(masked)
	}
	return err
}

// pending writes one entry to the cores that have agreed to log it.
type pending struct {
	*core
	next    *zapcore.CheckedEntry
	message string
}

func (p *pending) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	entry.Message = p.message
	entry.Stack = p.mask.text(entry.Stack)
	entry.LoggerName = p.mask.text(entry.LoggerName)
	var failed errorText
	p.next.Entry = entry
	p.next.ErrorOutput = &failed
	p.next.Write(p.mask.fields(fields)...)
	return p.safe(failed.err())
}

// errorText takes what a checked entry writes when a core fails: it does not return the error.
type errorText struct{ text strings.Builder }

func (e *errorText) Write(p []byte) (int, error) { return e.text.Write(p) }

func (e *errorText) Sync() error { return nil }

func (e *errorText) err() error {
	text := strings.TrimSpace(e.text.String())
	if text == "" {
		return nil
	}
	if _, after, ok := strings.Cut(text, "write error: "); ok {
		text = after
	}
	return errors.New(text)
}
