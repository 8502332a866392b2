package zapscan_test

import (
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"github.com/vouchsafe/vouchsafe/clients/go/zapscan"
	"go.uber.org/zap"
)

func ExampleOption() {
	masker := scan.New()
	logger := zap.NewExample(zapscan.Option(masker))
	logger.Info("no record of jane@example.com", zap.String("lastName", "Roe"), zap.Int("status", 404))
	// Output:
	// {"level":"info","msg":"no record of [EMAIL]","lastName":"[NAME]","status":404}
}
