package scan_test

import (
	"fmt"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

func Example() {
	masker := scan.New(scan.WithField("ward badge", scan.UniqueID))
	fmt.Println(masker.Text(`no record of jane@example.com: {"lastName":"Roe","ward":"B"}`))
	fmt.Println(masker.Field("nightWardBadge").Text("B-7"))
	fmt.Println(masker.Counts()[scan.Email])
	// Output:
	// no record of [EMAIL]: {"lastName":"[NAME]","ward":"B"}
	// [UNIQUE-ID]
	// 1
}

func ExamplePHI() {
	name := scan.Protect("Jane Roe")
	fmt.Printf("%v %+v\n", name, struct{ hidden scan.PHI[string] }{name}.hidden)
	fmt.Println(len(name.Reveal()))
	// Output:
	// [PHI] [PHI]
	// 8
}
