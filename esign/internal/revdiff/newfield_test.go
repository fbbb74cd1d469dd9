package revdiff

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign/internal/pdf"
)

// twoPages has an empty form, no annotations, and validation data that stands ready.
func twoPages(t *testing.T) []byte {
	return file(t, "<</Pages 2 0 R/AcroForm 5 0 R/DSS<<>>>>", "<</Type/Pages/Kids[3 0 R 6 0 R]/MediaBox[0 0 100 100]>>",
		"<</Type/Page/Annots[]>>", "<<>>", "<</Fields[]>>", "<</Type/Page/Annots[]>>")
}

// comes adds a signed field with a widget on each of some pages.
func comes(t *testing.T, u *pdf.Update, filter pdf.Name, rect pdf.Object, pages ...uint32) {
	t.Helper()
	v := u.Add(pdf.Dict{"SubFilter": filter, "ByteRange": pdf.Array{}, "Contents": pdf.String("x")})
	kids := pdf.Array{}
	for _, p := range pages {
		k := u.Add(pdf.Dict{"P": ref(p), "Rect": rect})
		kids = append(kids, k)
		set(t, u, p, pdf.Dict{"Annots": pdf.Array{k}})
	}
	f := u.Add(pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("new"), "V": v, "Kids": kids})
	set(t, u, 5, pdf.Dict{"Fields": pdf.Array{f}})
}

// A field with widgets on several pages is named by the first of them, however they are listed.
func TestNewFieldOnTwoPages(t *testing.T) {
	t.Parallel()
	for range 20 { // widgets are kept without order
		for _, pages := range [][]uint32{{3, 6}, {6, 3}} {
			changes := compare(t, twoPages(t), Options{}, func(u *pdf.Update) {
				comes(t, u, "ETSI.CAdES.detached", pdf.Array{0, 0, 9, 9}, pages...)
			})
			require.Len(t, changes, 1)
			require.Equal(t, AddedVisible, changes[0].Kind)
			require.Equal(t, 1, changes[0].Page)
		}
	}
	changes := compare(t, twoPages(t), Options{}, func(u *pdf.Update) {
		comes(t, u, "ETSI.CAdES.detached", pdf.Array{0, 0, 9, 9}, 6)
	})
	require.Equal(t, 2, changes[0].Page)
}

// A document time stamp may follow even a certification that allows nothing (ISO 32000-2 12.8.2.2.2), if it shows nothing.
func TestTimeStampAfterACertification(t *testing.T) {
	t.Parallel()
	none, shown := pdf.Array{0, 0, 0, 0}, pdf.Array{0, 0, 9, 9}
	for name, c := range map[string]struct {
		filter pdf.Name
		rect   pdf.Array
		want   string
	}{
		"time stamp":       {"ETSI.RFC3161", none, "added:new"},
		"signature":        {"ETSI.CAdES.detached", none, "forbidden:field:new"},
		"time stamp shown": {"ETSI.RFC3161", shown, "forbidden:field:new"},
		"a flat one":       {"ETSI.RFC3161", pdf.Array{0, 0, 9, 0}, "added:new"},
		"a narrow one":     {"ETSI.RFC3161", pdf.Array{0, 0, 0, 9}, "added:new"},
	} {
		got := kinds(compare(t, twoPages(t), Options{Permission: 1}, func(u *pdf.Update) { comes(t, u, c.filter, c.rect, 3) }))
		require.Equal(t, c.want, got, name)
	}
}

// What a new field consists of has to be readable before anything is said about it.
func TestNewFieldThatIsAnError(t *testing.T) {
	t.Parallel()
	base := twoPages(t)
	for _, key := range []pdf.Name{"", "T", "V", "Kids", "Rect", "F", "itself", "kid"} {
		whole := revised(t, base, func(u *pdf.Update) {
			ring := u.Reserve()
			u.Set(ring, ring)
			v := u.Add(pdf.Dict{"ByteRange": pdf.Array{}, "Contents": pdf.String("x")})
			field := pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("new"), "P": ref(3), "Rect": pdf.Array{0, 0, 9, 9}, "F": 4, "V": v}
			f := u.Reserve()
			switch key {
			case "itself":
				f = ring
			case "kid":
				field["Kids"] = pdf.Array{ring}
			case "":
			default:
				field[key] = ring
			}
			if f != ring {
				u.Set(f, field)
			}
			set(t, u, 5, pdf.Dict{"Fields": pdf.Array{f}})
			set(t, u, 3, pdf.Dict{"Annots": pdf.Array{f}})
		})
		a, b := revisions(t, base, whole)
		_, err := Compare(context.Background(), a, b, Options{})
		if key == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, pdf.ErrMalformed, key)
	}
}

// Validation data may come, grow and be renewed, not go: a signature may need it.
func TestValidationDataThatGoes(t *testing.T) {
	t.Parallel()
	for want, dss := range map[string]pdf.Object{
		"validation": pdf.Dict{"Certs": pdf.Array{}}, "validation forbidden:document": nil,
	} {
		require.Equal(t, want, kinds(compare(t, twoPages(t), Options{}, func(u *pdf.Update) { set(t, u, 1, pdf.Dict{"DSS": dss}) })))
	}
}

// A change is named by where it lies: in the tree of pages, or elsewhere in the document.
func TestWhereAChangeLies(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint32]string{2: "forbidden:pages", 16: "forbidden:document"} {
		got := kinds(compare(t, form(t), Options{}, func(u *pdf.Update) { set(t, u, n, pdf.Dict{"Z": 1}) }))
		require.Equal(t, want, got)
	}
}
