module github.com/vouchsafe/vouchsafe/clients/go

go 1.19

require (
	github.com/rs/zerolog v1.26.1
	go.uber.org/zap v1.23.0
)
