package slip

import (
	"fmt"
	"net/url"

	"github.com/boombuler/barcode/qr"
)

// LookupAddress is what the QR code of a receipt slip holds: the public look-up
// page with the dossier code filled in. The look-up code is never in it, so a
// photograph of the QR alone opens nothing.
func LookupAddress(page, code string, trial bool) (string, error) {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", invalid("receipt slip", fmt.Errorf("the look-up page is no http address"))
	}
	q := u.Query()
	q.Set("code", code)
	u.RawQuery = q.Encode()
	if trial {
		return u.String() + trialFragment, nil
	}
	return u.String(), nil
}

// code draws a QR as squares, so that it is sharp at any size. Level M survives
// a fold or a smear over 15 % of it.
func (sh *sheet) code(content string, x, y, size float64) error {
	b, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return invalid("receipt slip", fmt.Errorf("the look-up page's address is too long for a QR code"))
	}
	n := b.Bounds().Dx()
	cell := size / float64(n)
	sh.pdf.SetFillColor(0, 0, 0)
	for row := range n {
		for col := 0; col < n; {
			run := 0
			for col+run < n && dark(b.At(col+run, row).RGBA()) {
				run++
			}
			if run > 0 { // one rectangle for a run leaves no hairlines between cells
				sh.pdf.Rect(x+float64(col)*cell, y+float64(row)*cell, float64(run)*cell, cell, "F")
			}
			col += run + 1
		}
	}
	return nil
}

func dark(r, g, b, _ uint32) bool { return r+g+b < 3*0x8000 }
