package zapscan

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"go.uber.org/zap/zapcore"
)

// mask masks entries and fields.
type mask struct{ *scan.Masker }

func (m mask) text(text string) string {
	if text == "" {
		return ""
	}
	return m.Text(text)
}

func (m mask) entry(entry zapcore.Entry) zapcore.Entry {
	entry.Message = m.text(entry.Message)
	entry.LoggerName = m.text(entry.LoggerName)
	entry.Stack = m.text(entry.Stack)
	return entry
}

// fields returns masked fields; those that are given are not changed, they belong to the caller.
func (m mask) fields(fields []zapcore.Field) []zapcore.Field {
	if len(fields) == 0 {
		return fields
	}
	masked := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		masked[i] = m.field(f)
	}
	return masked
}

// field masks one field. A field that cannot be understood is refused: zap would panic with its value.
func (m mask) field(f zapcore.Field) (masked zapcore.Field) {
	key := m.Key(f.Key)
	defer func() {
		if recover() != nil {
			masked = m.refused(key)
		}
	}()
	name := m.Field(f.Key)
	f.Key = key
	if with, masked := m.Type(f.Interface); masked {
		return textField(key, with)
	}
	switch f.Type {
	case zapcore.BoolType, zapcore.DurationType, zapcore.Complex128Type, zapcore.Complex64Type, zapcore.SkipType,
		zapcore.NamespaceType:
		return f
	case zapcore.StringType:
		f.String = name.Text(f.String)
		return f
	case zapcore.ByteStringType, zapcore.BinaryType:
		bytes, _ := f.Interface.([]byte)
		f.Interface = name.Bytes(bytes)
		return f
	case zapcore.StringerType:
		return textField(key, name.Text(stringOf(f.Interface)))
	case zapcore.ErrorType:
		err, ok := f.Interface.(error)
		if !ok {
			return m.refused(key)
		}
		f.Interface = maskError(name, err, 0)
		return f
	case zapcore.ReflectType:
		if f.Interface != nil {
			f.Interface = name.Value(f.Interface)
		}
		return f
	case zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType:
		return m.object(f, name)
	case zapcore.ArrayMarshalerType:
		array, ok := f.Interface.(zapcore.ArrayMarshaler)
		if !ok {
			return m.refused(key)
		}
		f.Interface = maskedArray{array, scope{mask: m, name: name, inside: true}}
		return f
	}
	return m.scalar(f, name)
}

func (m mask) object(f zapcore.Field, name scan.Field) zapcore.Field {
	object, ok := f.Interface.(zapcore.ObjectMarshaler)
	if !ok {
		return m.refused(f.Key)
	}
	inside := f.Type == zapcore.ObjectMarshalerType
	f.Interface = maskedObject{object, scope{mask: m, name: name, inside: inside}}
	return f
}

// scalar masks numbers and times: they become texts then.
func (m mask) scalar(f zapcore.Field, name scan.Field) zapcore.Field {
	var with string
	var masked bool
	switch f.Type {
	case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		with, masked = name.Int64(f.Integer)
	case zapcore.Uint64Type, zapcore.Uint32Type, zapcore.Uint16Type, zapcore.Uint8Type, zapcore.UintptrType:
		with, masked = name.Uint64(uint64(f.Integer))
	case zapcore.Float64Type:
		with, masked = name.Float64(math.Float64frombits(uint64(f.Integer)))
	case zapcore.Float32Type:
		with, masked = name.Float64(float64(math.Float32frombits(uint32(f.Integer))))
	case zapcore.TimeType:
		with, masked = name.Time(time.Unix(0, f.Integer))
	case zapcore.TimeFullType:
		t, ok := f.Interface.(time.Time)
		if !ok {
			return m.refused(f.Key)
		}
		with, masked = name.Time(t)
	default:
		return m.refused(f.Key)
	}
	if masked {
		return textField(f.Key, with)
	}
	return f
}

func (m mask) refused(key string) zapcore.Field { return textField(key, m.Refuse()) }

func textField(key, text string) zapcore.Field {
	return zapcore.Field{Key: key, Type: zapcore.StringType, String: text}
}

// stringOf calls the String method of a value, which may panic on a nil pointer as zap knows.
func stringOf(value any) (text string) {
	defer func() {
		if recover() != nil {
			text = unprintable(value)
		}
	}()
	stringer, ok := value.(fmt.Stringer)
	if !ok {
		return scan.Refused
	}
	return stringer.String()
}

// unprintable stands for a value whose method has panicked. The panic's own text may hold the value.
func unprintable(value any) string {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		return "<nil>"
	}
	return scan.Refused
}
