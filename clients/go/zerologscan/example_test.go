package zerologscan_test

import (
	"os"

	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"github.com/vouchsafe/vouchsafe/clients/go/zerologscan"
)

func ExampleNewWriter() {
	masker := scan.New()
	defer zerologscan.Install(masker)()
	logger := zerolog.New(zerologscan.NewWriter(os.Stdout, masker))
	logger.Info().Str("lastName", "Roe").Int("status", 404).Msg("no record of jane@example.com")
	// Output:
	// {"level":"info","lastName":"[NAME]","status":404,"message":"no record of [EMAIL]"}
}
