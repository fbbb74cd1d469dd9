package directory_test

import (
	"fmt"
	"os"
	"testing/fstest"
	"time"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/directory"
)

func ExampleLoad() {
	dir, findings, err := directory.Load(os.DirFS("testdata/province"))
	if err != nil || len(findings) > 0 {
		fmt.Println(findings, err)
		return
	}
	july := time.Date(2025, 7, 1, 0, 0, 0, 0, time.FixedZone("+07", 7*3600))
	for _, t := range []time.Time{july.AddDate(0, 0, -1), july} {
		heir, _ := dir.Heir("H10.41.01", t)
		unit, _ := dir.Unit(heir, t)
		fmt.Println(t.Format(time.DateOnly), heir, unit.Name.VI)
	}
	// Output:
	// 2025-06-30 H10.41.01 Ủy ban nhân dân thị trấn Lộc Ninh
	// 2025-07-01 H19.41 Ủy ban nhân dân xã Lộc Ninh
}

func ExampleLoad_findings() {
	_, findings, err := directory.Load(fstest.MapFS{"units.yaml": &fstest.MapFile{Data: []byte(`
units:
  - code: H10
    name: Ủy ban nhân dân tỉnh
    kind: committee
    level: province
    from: 2024-01-01
    to: 2023-01-01
`)}})
	fmt.Println(err)
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// <nil>
	// units.yaml:3: warning: unit/heir: unit H10 ends and leaves its work to nobody (name who takes over its work (successors))
	// units.yaml:8: unit/interval: to is not after from (to is the first day on which it is no longer so)
}

func ExampleOpen() {
	live, _, err := directory.Open(os.DirFS("testdata/province"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	nov := time.Date(2024, 11, 15, 9, 0, 0, 0, time.FixedZone("+07", 7*3600))
	for _, p := range live.Policy().WhoCan(identity.Act{Step: "sign", Unit: "H10.41.01", At: nov}) {
		fmt.Println(p.ID)
	}
	// Output:
	// cb-0002
	// cb-0003
}
