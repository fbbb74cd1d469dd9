package nationalportal_test

import (
	"fmt"
	"time"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/nationalportal"
)

func ExampleBuild() {
	catalogue, _, err := procedures.Load(procedures.National())
	if err != nil {
		panic(err)
	}
	received := time.Date(2024, 11, 15, 15, 1, 0, 0, procedures.Zone)
	procedure, err := catalogue.At("2.000815", received)
	if err != nil {
		panic(err)
	}
	code, err := procedures.NewDossierCode("H10.12", received, 7)
	if err != nil {
		panic(err)
	}
	item := nationalportal.Build(&nationalportal.Dossier{
		Code: code, Procedure: procedure, Channel: procedures.Counter, Status: 2, OwnerKind: nationalportal.Citizen,
		Filed: received, Received: received,
	})
	fmt.Println(item.MaHoSo, item.TrangThaiHoSo, item.NgayTiepNhan)
	for _, p := range item.Validate() {
		fmt.Println(p)
	}
	// Output:
	// H10.12-241115-0007 2 20241115150100
	// NgayHenTra: is required in status 2
}
