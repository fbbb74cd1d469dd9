package pdf

import (
	"bytes"
	"testing"
)

// FuzzOpen reads everything there is to read. Nothing may panic or hang; what opens must open again the same after an
// update, and an update must leave the earlier revision as it was.
func FuzzOpen(f *testing.F) {
	f.Add(onePage())
	f.Add(onePage("<</Length 5 0 R>>\nstream\nhello\nendstream", "5"))
	f.Add(asStream(f))
	limits := &Limits{Size: 1 << 20, Decoded: 1 << 20, Values: 100_000, Entries: 10_000}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Open(data, limits)
		if err != nil {
			return
		}
		_, _ = d.Pages()
		for _, n := range d.Numbers() {
			o, _, _, err := d.ByNumber(n)
			if s, ok := o.(*Stream); ok && err == nil {
				_, _ = d.Decode(s)
			}
		}
		u := NewUpdate(d)
		ref := u.Add(Dict{"A": String("b")})
		more, err := u.Bytes()
		if err != nil {
			return // a trailer value that can't be written, such as too deep a one
		}
		whole := append(bytes.Clone(data), more...)
		d2, err := Open(whole, nil)
		if err != nil {
			t.Fatalf("the update made the file unreadable: %v", err)
		}
		o, err := d2.Dict(ref)
		if err != nil || o["A"] != String("b") {
			t.Fatalf("the new object reads as %v, %v", o, err)
		}
		if _, err := d2.At(int64(len(data))); err != nil {
			t.Fatalf("the earlier revision is gone: %v", err)
		}
		if err := d2.CheckUpdate(int64(len(data))); err != nil {
			t.Fatalf("our own update does not read as one: %v", err)
		}
	})
}
