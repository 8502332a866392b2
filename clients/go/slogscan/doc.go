// Package slogscan masks protected health information in log/slog's records before a handler encodes them.
//
// It needs Go 1.21 or newer, as log/slog does; with an older Go the package is empty. The project's tests run with Go
// 1.19, so they do not compile it: tests/go/run.sh runs its tests only where a newer Go is found.
package slogscan
