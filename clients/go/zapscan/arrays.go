package zapscan

import (
	"strconv"
	"time"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"go.uber.org/zap/zapcore"
)

// arrayEncoder masks what is appended to an array. The name of the array's field is that of each element.
type arrayEncoder struct {
	next zapcore.ArrayEncoder
	mask mask
	name scan.Field
}

func (e arrayEncoder) AppendArray(array zapcore.ArrayMarshaler) error {
	return failed(e.next.AppendArray(maskedArray{array, e.mask, e.name}))
}

func (e arrayEncoder) AppendObject(object zapcore.ObjectMarshaler) error {
	return failed(e.next.AppendObject(maskedObject{object, e.mask, e.name}))
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

// add appends a number or time, or its mask.
func (e arrayEncoder) add(text string, plain func()) {
	if with, ok := e.name.Scalar(text); ok {
		e.next.AppendString(with)
		return
	}
	plain()
}

func (e arrayEncoder) signed(v int64, plain func()) { e.add(strconv.FormatInt(v, 10), plain) }

func (e arrayEncoder) unsigned(v uint64, plain func()) { e.add(strconv.FormatUint(v, 10), plain) }

func (e arrayEncoder) AppendTime(v time.Time) {
	e.add(timeText(v), func() { e.next.AppendTime(v) })
}

func (e arrayEncoder) AppendFloat64(v float64) {
	e.add(floatText(v, 64), func() { e.next.AppendFloat64(v) })
}

func (e arrayEncoder) AppendFloat32(v float32) {
	e.add(floatText(float64(v), 32), func() { e.next.AppendFloat32(v) })
}

func (e arrayEncoder) AppendInt(v int)     { e.signed(int64(v), func() { e.next.AppendInt(v) }) }
func (e arrayEncoder) AppendInt64(v int64) { e.signed(v, func() { e.next.AppendInt64(v) }) }
func (e arrayEncoder) AppendInt32(v int32) { e.signed(int64(v), func() { e.next.AppendInt32(v) }) }
func (e arrayEncoder) AppendInt16(v int16) { e.signed(int64(v), func() { e.next.AppendInt16(v) }) }
func (e arrayEncoder) AppendInt8(v int8)   { e.signed(int64(v), func() { e.next.AppendInt8(v) }) }

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
