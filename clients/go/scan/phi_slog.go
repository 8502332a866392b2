//go:build go1.21

package scan

import "log/slog"

// LogValue returns [PHI].
func (PHI[T]) LogValue() slog.Value { return slog.StringValue(protected) }
