// Command binhphuoc is the reference province: Bình Phước until 30 June 2025,
// its successors in Đồng Nai since. It brings names, YAML and a theme; everything
// it does is the library's.
package main

import (
	"embed"
	"io/fs"
	"os"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/oidcsim"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/province"
)

//go:embed procedures directory theme
var content embed.FS

func main() { os.Exit(province.Main(binhphuoc(), build)) }

// binhphuoc is what this province brings.
func binhphuoc() *province.Province {
	return &province.Province{
		Name:       procedures.Text{VI: "Dịch vụ công tỉnh Bình Phước", EN: "Public services of Bình Phước province"},
		Program:    "binhphuoc",
		Procedures: sub("procedures"),
		Directory:  sub("directory"),
		Theme:      sub("theme"),
		// All people are invented; 070 is the code of births registered here.
		Citizens: []oidcsim.Person{
			{Sub: "cong-dan-1", Name: "Nguyễn Thị Lan", CitizenID: "070190000001", Kind: identity.Citizen, Level: 2},
			{Sub: "cong-dan-2", Name: "Điểu Minh", CitizenID: "070085000002", Kind: identity.Citizen, Level: 2},
			{Sub: "cong-dan-3", Name: "Trần Văn Hùng", CitizenID: "070205000001", Kind: identity.Citizen, Level: 1},
		},
	}
}

func sub(dir string) fs.FS {
	f, err := fs.Sub(content, dir)
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return f
}
