//go:build go1.21

package slogscan

import (
	"context"
	"log/slog"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

// NewHandler returns a handler that masks records and hands them on to another:
//
//	logger := slog.New(slogscan.NewHandler(slog.NewJSONHandler(os.Stderr, nil), masker))
//
// It covers the message and attributes of every kind, those of With and in groups too. Booleans and durations stay as
// they are.
func NewHandler(next slog.Handler, masker *scan.Masker) slog.Handler {
	return &handler{next: next, mask: mask{masker}, name: masker.Root()}
}

type handler struct {
	next slog.Handler
	mask mask
	// name is the innermost open group.
	name scan.Field
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, h.mask.Text(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(h.mask.attr(h.name, a, 0))
		return true
	})
	return h.next.Handle(ctx, masked)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{next: h.next.WithAttrs(h.mask.attrs(h.name, attrs, 0)), mask: h.mask, name: h.name}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{next: h.next.WithGroup(h.mask.Key(name)), mask: h.mask, name: h.name.Field(name)}
}

// ReplaceAttr returns a function for slog.HandlerOptions, for programs that must not wrap their handler. The standard
// library's handlers call it with each attribute that is no group, the message and the level too.
func ReplaceAttr(masker *scan.Masker) func(groups []string, a slog.Attr) slog.Attr {
	m := mask{masker}
	return func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 {
			switch a.Key {
			case slog.TimeKey, slog.LevelKey, slog.SourceKey:
				return a
			case slog.MessageKey:
				return slog.String(a.Key, masker.Text(a.Value.String()))
			}
		}
		name := masker.Root()
		for _, group := range groups {
			name = name.Field(group)
		}
		return m.attr(name, a, 0)
	}
}

// mask masks attributes.
type mask struct{ *scan.Masker }

func (m mask) attrs(outer scan.Field, attrs []slog.Attr, depth int) []slog.Attr {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = m.attr(outer, a, depth)
	}
	return masked
}

// attr masks one attribute. What panics, or is nested too deep, is refused.
func (m mask) attr(outer scan.Field, a slog.Attr, depth int) (masked slog.Attr) {
	key := m.Key(a.Key)
	defer func() {
		if recover() != nil {
			masked = slog.String(key, m.Refuse())
		}
	}()
	if depth >= m.MaxDepth() {
		return slog.String(key, m.Refuse())
	}
	if with, ok := m.Type(a.Value.Any()); ok {
		return slog.String(key, with)
	}
	name := outer.Field(a.Key)
	if a.Key == "" {
		name = outer
	}
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		return slog.Attr{Key: key, Value: slog.GroupValue(m.attrs(name, value.Group(), depth+1)...)}
	}
	return slog.Attr{Key: key, Value: m.value(name, value)}
}

func (m mask) value(name scan.Field, value slog.Value) slog.Value {
	var with string
	var masked bool
	switch value.Kind() {
	case slog.KindString:
		return slog.StringValue(name.Text(value.String()))
	case slog.KindInt64:
		with, masked = name.Int64(value.Int64())
	case slog.KindUint64:
		with, masked = name.Uint64(value.Uint64())
	case slog.KindFloat64:
		with, masked = name.Float64(value.Float64())
	case slog.KindTime:
		with, masked = name.Time(value.Time())
	case slog.KindAny:
		return m.any(name, value.Any())
	}
	if masked {
		return slog.StringValue(with)
	}
	return value
}

// any masks a value of another kind. An error is its text, as it is for the standard library's handlers.
func (m mask) any(name scan.Field, value any) slog.Value {
	switch v := value.(type) {
	case nil:
		return slog.AnyValue(nil)
	case *slog.Source, slog.Level:
		return slog.AnyValue(v)
	}
	if with, masked := m.Type(value); masked {
		return slog.StringValue(with)
	}
	switch v := value.(type) {
	case error:
		return slog.StringValue(name.Text(v.Error()))
	case []byte:
		return slog.AnyValue(name.Bytes(v))
	}
	return slog.AnyValue(name.Value(value))
}
