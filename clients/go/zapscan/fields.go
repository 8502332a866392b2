package zapscan

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
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
		f.Interface = maskError(name, err)
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
		f.Interface = maskedArray{array, m, name}
		return f
	}
	return m.scalar(f, name)
}

func (m mask) object(f zapcore.Field, name scan.Field) zapcore.Field {
	object, ok := f.Interface.(zapcore.ObjectMarshaler)
	if !ok {
		return m.refused(f.Key)
	}
	f.Interface = maskedObject{object, m, name}
	return f
}

// scalar masks numbers and times: they become texts then.
func (m mask) scalar(f zapcore.Field, name scan.Field) zapcore.Field {
	text, ok := scalarText(f)
	if !ok {
		return m.refused(f.Key)
	}
	if with, masked := name.Scalar(text); masked {
		return textField(f.Key, with)
	}
	return f
}

func scalarText(f zapcore.Field) (string, bool) {
	switch f.Type {
	case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		return strconv.FormatInt(f.Integer, 10), true
	case zapcore.Uint64Type, zapcore.Uint32Type, zapcore.Uint16Type, zapcore.Uint8Type, zapcore.UintptrType:
		return strconv.FormatUint(uint64(f.Integer), 10), true
	case zapcore.Float64Type:
		return floatText(math.Float64frombits(uint64(f.Integer)), 64), true
	case zapcore.Float32Type:
		return floatText(float64(math.Float32frombits(uint32(f.Integer))), 32), true
	case zapcore.TimeType:
		return timeText(time.Unix(0, f.Integer)), true
	case zapcore.TimeFullType:
		t, ok := f.Interface.(time.Time)
		return timeText(t), ok
	}
	return "", false
}

func floatText(f float64, bits int) string { return strconv.FormatFloat(f, 'f', -1, bits) }

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

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
