package zapscan

import (
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// NewEncoder returns an encoder that masks entries and fields before another encodes them. It is for programs that
// build their cores themselves, or register an encoder by name:
//
//	zap.RegisterEncoder("masked-json", func(config zapcore.EncoderConfig) (zapcore.Encoder, error) {
//		return zapscan.NewEncoder(zapcore.NewJSONEncoder(config), masker), nil
//	})
//
// Prefer Option or NewCore: zap takes the fields of With apart before it calls an encoder. If the Error or String method
// of such a field panics, the encoder gets the text of the panic and masks what the detectors find in it; types are not
// known there either. A core sees the field itself.
func NewEncoder(next zapcore.Encoder, masker *scan.Masker) zapcore.Encoder {
	return &encoder{objectEncoder: objectEncoder{next, scope{mask: mask{masker}}}, next: next}
}

type encoder struct {
	objectEncoder
	next zapcore.Encoder
}

func (e *encoder) Clone() zapcore.Encoder { return NewEncoder(e.next.Clone(), e.mask.Masker) }

func (e *encoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	return e.next.EncodeEntry(e.mask.entry(entry), e.mask.fields(fields))
}
