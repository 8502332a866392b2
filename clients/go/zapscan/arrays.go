package zapscan

import (
	"time"

	"go.uber.org/zap/zapcore"
)

// arrayEncoder masks what is appended to an array. The name of the array's field is that of each element.
type arrayEncoder struct {
	next zapcore.ArrayEncoder
	scope
}

func (e arrayEncoder) AppendArray(array zapcore.ArrayMarshaler) error {
	if with, masked := e.mask.Type(array); masked {
		e.next.AppendString(with)
		return nil
	}
	inner, ok := e.in(e.name)
	if !ok {
		e.next.AppendString(e.mask.Refuse())
		return nil
	}
	return failed(e.next.AppendArray(maskedArray{array, inner}))
}

func (e arrayEncoder) AppendObject(object zapcore.ObjectMarshaler) error {
	if with, masked := e.mask.Type(object); masked {
		e.next.AppendString(with)
		return nil
	}
	inner, ok := e.in(e.name)
	if !ok {
		e.next.AppendString(e.mask.Refuse())
		return nil
	}
	return failed(e.next.AppendObject(maskedObject{object, inner}))
}

func (e arrayEncoder) AppendReflected(value any) error {
	if value == nil {
		return e.next.AppendReflected(nil)
	}
	return failed(e.next.AppendReflected(e.name.Value(value)))
}

func (e arrayEncoder) AppendString(v string)          { e.next.AppendString(e.name.Text(v)) }
func (e arrayEncoder) AppendByteString(v []byte)      { e.next.AppendByteString(e.name.Bytes(v)) }
func (e arrayEncoder) AppendBool(v bool)              { e.next.AppendBool(v) }
func (e arrayEncoder) AppendComplex128(v complex128)  { e.next.AppendComplex128(v) }
func (e arrayEncoder) AppendComplex64(v complex64)    { e.next.AppendComplex64(v) }
func (e arrayEncoder) AppendDuration(v time.Duration) { e.next.AppendDuration(v) }

// add appends the mask of a number or time, or else the value as it is.
func (e arrayEncoder) add(with string, masked bool, plain func()) {
	if masked {
		e.next.AppendString(with)
		return
	}
	plain()
}

func (e arrayEncoder) signed(v int64, plain func()) {
	with, masked := e.name.Int64(v)
	e.add(with, masked, plain)
}

func (e arrayEncoder) unsigned(v uint64, plain func()) {
	with, masked := e.name.Uint64(v)
	e.add(with, masked, plain)
}

func (e arrayEncoder) AppendTime(v time.Time) {
	with, masked := e.name.Time(v)
	e.add(with, masked, func() { e.next.AppendTime(v) })
}

func (e arrayEncoder) AppendFloat64(v float64) {
	with, masked := e.name.Float64(v)
	e.add(with, masked, func() { e.next.AppendFloat64(v) })
}

func (e arrayEncoder) AppendFloat32(v float32) {
	with, masked := e.name.Float64(float64(v))
	e.add(with, masked, func() { e.next.AppendFloat32(v) })
}

func (e arrayEncoder) AppendInt(v int)       { e.signed(int64(v), func() { e.next.AppendInt(v) }) }
func (e arrayEncoder) AppendInt64(v int64)   { e.signed(v, func() { e.next.AppendInt64(v) }) }
func (e arrayEncoder) AppendInt32(v int32)   { e.signed(int64(v), func() { e.next.AppendInt32(v) }) }
func (e arrayEncoder) AppendInt16(v int16)   { e.signed(int64(v), func() { e.next.AppendInt16(v) }) }
func (e arrayEncoder) AppendInt8(v int8)     { e.signed(int64(v), func() { e.next.AppendInt8(v) }) }
func (e arrayEncoder) AppendUint(v uint)     { e.unsigned(uint64(v), func() { e.next.AppendUint(v) }) }
func (e arrayEncoder) AppendUint64(v uint64) { e.unsigned(v, func() { e.next.AppendUint64(v) }) }
func (e arrayEncoder) AppendUint32(v uint32) {
	e.unsigned(uint64(v), func() { e.next.AppendUint32(v) })
}
func (e arrayEncoder) AppendUint16(v uint16) {
	e.unsigned(uint64(v), func() { e.next.AppendUint16(v) })
}
func (e arrayEncoder) AppendUint8(v uint8) { e.unsigned(uint64(v), func() { e.next.AppendUint8(v) }) }
func (e arrayEncoder) AppendUintptr(v uintptr) {
	e.unsigned(uint64(v), func() { e.next.AppendUintptr(v) })
}
