package zapscan

import (
	"errors"
	"strconv"
	"time"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"go.uber.org/zap/zapcore"
)

// errMarshal is what zap writes beside a field whose marshaler has failed. The marshaler's own error may hold a value.
var errMarshal = errors.New("zapscan: the value could not be marshaled")

// maskedObject marshals an object through an encoder that masks.
type maskedObject struct {
	object zapcore.ObjectMarshaler
	mask   mask
	name   scan.Field
}

func (o maskedObject) MarshalLogObject(next zapcore.ObjectEncoder) (err error) {
	defer caught(&err)
	return failed(o.object.MarshalLogObject(objectEncoder{next, o.mask, o.name, true}))
}

// maskedArray marshals an array through an encoder that masks.
type maskedArray struct {
	array zapcore.ArrayMarshaler
	mask  mask
	name  scan.Field
}

func (a maskedArray) MarshalLogArray(next zapcore.ArrayEncoder) (err error) {
	defer caught(&err)
	return failed(a.array.MarshalLogArray(arrayEncoder{next, a.mask, a.name}))
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
	mask mask
	// outer is the field that the object is the value of, if inside is true.
	outer  scan.Field
	inside bool
}

func (e objectEncoder) name(key string) scan.Field {
	if e.inside {
		return e.outer.Field(key)
	}
	return e.mask.Field(key)
}

func (e objectEncoder) AddArray(key string, array zapcore.ArrayMarshaler) error {
	return failed(e.next.AddArray(e.mask.Key(key), maskedArray{array, e.mask, e.name(key)}))
}

func (e objectEncoder) AddObject(key string, object zapcore.ObjectMarshaler) error {
	return failed(e.next.AddObject(e.mask.Key(key), maskedObject{object, e.mask, e.name(key)}))
}

func (e objectEncoder) AddReflected(key string, value any) error {
	if value == nil {
		return e.next.AddReflected(e.mask.Key(key), nil)
	}
	return failed(e.next.AddReflected(e.mask.Key(key), e.name(key).Value(value)))
}

func (e objectEncoder) OpenNamespace(key string) { e.next.OpenNamespace(e.mask.Key(key)) }

func (e objectEncoder) AddString(key, value string) {
	e.next.AddString(e.mask.Key(key), e.name(key).Text(value))
}

func (e objectEncoder) AddBinary(key string, value []byte) {
	e.next.AddBinary(e.mask.Key(key), e.name(key).Bytes(value))
}

func (e objectEncoder) AddByteString(key string, value []byte) {
	e.next.AddByteString(e.mask.Key(key), e.name(key).Bytes(value))
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

// add adds a number or time, or its mask.
func (e objectEncoder) add(key, text string, plain func(key string)) {
	masked := e.mask.Key(key)
	if with, ok := e.name(key).Scalar(text); ok {
		e.next.AddString(masked, with)
		return
	}
	plain(masked)
}

func (e objectEncoder) signed(key string, value int64, plain func(key string)) {
	e.add(key, strconv.FormatInt(value, 10), plain)
}

func (e objectEncoder) unsigned(key string, value uint64, plain func(key string)) {
	e.add(key, strconv.FormatUint(value, 10), plain)
}

func (e objectEncoder) AddTime(key string, v time.Time) {
	e.add(key, timeText(v), func(k string) { e.next.AddTime(k, v) })
}

func (e objectEncoder) AddFloat64(key string, v float64) {
	e.add(key, floatText(v, 64), func(k string) { e.next.AddFloat64(k, v) })
}

func (e objectEncoder) AddFloat32(key string, v float32) {
	e.add(key, floatText(float64(v), 32), func(k string) { e.next.AddFloat32(k, v) })
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
