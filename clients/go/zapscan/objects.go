package zapscan

import (
	"errors"
	"time"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"go.uber.org/zap/zapcore"
)

// errMarshal is what zap writes beside a field whose marshaler has failed. The marshaler's own error may hold a value.
var errMarshal = errors.New("zapscan: the value could not be marshaled")

// scope is where in an entry a value is.
type scope struct {
	mask mask
	// name is the field that an object or array is the value of, if inside is true.
	name   scan.Field
	inside bool
	depth  int
}

// field returns what the name of a field says at this place.
func (s scope) field(key string) scan.Field {
	if s.inside {
		return s.name.Field(key)
	}
	return s.mask.Field(key)
}

// in returns the scope inside of a field, or false if that is too deep: an object may marshal itself again.
func (s scope) in(name scan.Field) (scope, bool) {
	inner := scope{mask: s.mask, name: name, inside: true, depth: s.depth + 1}
	return inner, inner.depth < s.mask.MaxDepth()
}

// maskedObject marshals an object through an encoder that masks.
type maskedObject struct {
	object zapcore.ObjectMarshaler
	scope
}

func (o maskedObject) MarshalLogObject(next zapcore.ObjectEncoder) (err error) {
	defer caught(&err)
	return failed(o.object.MarshalLogObject(objectEncoder{next, o.scope}))
}

// maskedArray marshals an array through an encoder that masks.
type maskedArray struct {
	array zapcore.ArrayMarshaler
	scope
}

func (a maskedArray) MarshalLogArray(next zapcore.ArrayEncoder) (err error) {
	defer caught(&err)
	return failed(a.array.MarshalLogArray(arrayEncoder{next, a.scope}))
}

func caught(err *error) {
	if recover() != nil {
		*err = errMarshal
	}
}

func failed(err error) error {
	if err != nil {
		return errMarshal
	}
	return nil
}

// objectEncoder masks what is added to an object.
type objectEncoder struct {
	next zapcore.ObjectEncoder
	scope
}

func (e objectEncoder) AddArray(key string, array zapcore.ArrayMarshaler) error {
	if with, masked := e.mask.Type(array); masked {
		e.next.AddString(e.mask.Key(key), with)
		return nil
	}
	inner, ok := e.in(e.field(key))
	if !ok {
		e.next.AddString(e.mask.Key(key), e.mask.Refuse())
		return nil
	}
	return failed(e.next.AddArray(e.mask.Key(key), maskedArray{array, inner}))
}

func (e objectEncoder) AddObject(key string, object zapcore.ObjectMarshaler) error {
	if with, masked := e.mask.Type(object); masked {
		e.next.AddString(e.mask.Key(key), with)
		return nil
	}
	inner, ok := e.in(e.field(key))
	if !ok {
		e.next.AddString(e.mask.Key(key), e.mask.Refuse())
		return nil
	}
	return failed(e.next.AddObject(e.mask.Key(key), maskedObject{object, inner}))
}

func (e objectEncoder) AddReflected(key string, value any) error {
	if value == nil {
		return e.next.AddReflected(e.mask.Key(key), nil)
	}
	return failed(e.next.AddReflected(e.mask.Key(key), e.field(key).Value(value)))
}

func (e objectEncoder) OpenNamespace(key string) { e.next.OpenNamespace(e.mask.Key(key)) }

func (e objectEncoder) AddString(key, value string) {
	e.next.AddString(e.mask.Key(key), e.field(key).Text(value))
}

func (e objectEncoder) AddBinary(key string, value []byte) {
	e.next.AddBinary(e.mask.Key(key), e.field(key).Bytes(value))
}

func (e objectEncoder) AddByteString(key string, value []byte) {
	e.next.AddByteString(e.mask.Key(key), e.field(key).Bytes(value))
}

func (e objectEncoder) AddBool(key string, value bool) { e.next.AddBool(e.mask.Key(key), value) }

func (e objectEncoder) AddComplex128(key string, value complex128) {
	e.next.AddComplex128(e.mask.Key(key), value)
}

func (e objectEncoder) AddComplex64(key string, value complex64) {
	e.next.AddComplex64(e.mask.Key(key), value)
}

func (e objectEncoder) AddDuration(key string, value time.Duration) {
	e.next.AddDuration(e.mask.Key(key), value)
}

// add adds the mask of a number or time, or else the value as it is.
func (e objectEncoder) add(key, with string, masked bool, plain func(key string)) {
	if masked {
		e.next.AddString(e.mask.Key(key), with)
		return
	}
	plain(e.mask.Key(key))
}

func (e objectEncoder) signed(key string, v int64, plain func(key string)) {
	with, masked := e.field(key).Int64(v)
	e.add(key, with, masked, plain)
}

func (e objectEncoder) unsigned(key string, v uint64, plain func(key string)) {
	with, masked := e.field(key).Uint64(v)
	e.add(key, with, masked, plain)
}

func (e objectEncoder) float(key string, v float64, plain func(key string)) {
	with, masked := e.field(key).Float64(v)
	e.add(key, with, masked, plain)
}

func (e objectEncoder) AddTime(key string, v time.Time) {
	with, masked := e.field(key).Time(v)
	e.add(key, with, masked, func(k string) { e.next.AddTime(k, v) })
}

func (e objectEncoder) AddFloat64(key string, v float64) {
	e.float(key, v, func(k string) { e.next.AddFloat64(k, v) })
}

func (e objectEncoder) AddFloat32(key string, v float32) {
	e.float(key, float64(v), func(k string) { e.next.AddFloat32(k, v) })
}

func (e objectEncoder) AddInt(key string, v int) {
	e.signed(key, int64(v), func(k string) { e.next.AddInt(k, v) })
}

func (e objectEncoder) AddInt64(key string, v int64) {
	e.signed(key, v, func(k string) { e.next.AddInt64(k, v) })
}

func (e objectEncoder) AddInt32(key string, v int32) {
	e.signed(key, int64(v), func(k string) { e.next.AddInt32(k, v) })
}

func (e objectEncoder) AddInt16(key string, v int16) {
	e.signed(key, int64(v), func(k string) { e.next.AddInt16(k, v) })
}

func (e objectEncoder) AddInt8(key string, v int8) {
	e.signed(key, int64(v), func(k string) { e.next.AddInt8(k, v) })
}

func (e objectEncoder) AddUint(key string, v uint) {
	e.unsigned(key, uint64(v), func(k string) { e.next.AddUint(k, v) })
}

func (e objectEncoder) AddUint64(key string, v uint64) {
	e.unsigned(key, v, func(k string) { e.next.AddUint64(k, v) })
}

func (e objectEncoder) AddUint32(key string, v uint32) {
	e.unsigned(key, uint64(v), func(k string) { e.next.AddUint32(k, v) })
}

func (e objectEncoder) AddUint16(key string, v uint16) {
	e.unsigned(key, uint64(v), func(k string) { e.next.AddUint16(k, v) })
}

func (e objectEncoder) AddUint8(key string, v uint8) {
	e.unsigned(key, uint64(v), func(k string) { e.next.AddUint8(k, v) })
}

func (e objectEncoder) AddUintptr(key string, v uintptr) {
	e.unsigned(key, uint64(v), func(k string) { e.next.AddUintptr(k, v) })
}
