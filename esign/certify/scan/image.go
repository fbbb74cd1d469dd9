package scan

import "github.com/motcua/motcua/esign/internal/pdf"

// maxImageBytes bounds what one image unpacks to by its own account: A0 at 300 dpi in colour is 560 MB.
const maxImageBytes = 1 << 30

// pixelBytes is the size of an image's samples.
func (in *inspection) pixelBytes(d pdf.Dict) int64 {
	w, _ := in.get(d["Width"]).(int64)
	h, _ := in.get(d["Height"]).(int64)
	bits, ok := in.get(d["BitsPerComponent"]).(int64)
	if !ok || bits < 1 || bits > 16 {
		bits = 8
	}
	components := int64(4)
	switch cs := in.colourSpace(d); {
	case in.get(d["ImageMask"]) == true:
		bits, components = 1, 1
	case bits == 1, cs == "DeviceGray", cs == "CalGray", cs == "Indexed", cs == "Separation":
		components = 1
	case cs == "DeviceRGB", cs == "CalRGB", cs == "Lab":
		components = 3
	}
	const most = 1 << 24 // a side; keeps the product in range
	return min(max(w, 0), most) * min(max(h, 0), most) / 8 * bits * components
}

func (in *inspection) colourSpace(d pdf.Dict) pdf.Name {
	cs := in.get(d["ColorSpace"])
	if a, ok := cs.(pdf.Array); ok && len(a) > 0 {
		cs = in.get(a[0])
	}
	n, _ := cs.(pdf.Name)
	return n
}
