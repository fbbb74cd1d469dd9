package vnpay

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/motcua/motcua/payment/driver"
)

// ReadFlat reads a JSON object of texts and numbers, as querydr exchanges them.
// Numbers keep the letters they came with, since those were signed; null is an
// empty value. A name that comes twice, a nested value or anything after the
// object is an error: encoding/json would quietly take the last one.
func ReadFlat(data []byte) (map[string]string, error) {
	bad := func(text string, err error) (map[string]string, error) {
		return nil, &Error{Code: driver.CodeInvalid, Text: text, Err: err}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return bad("not a JSON object", err)
	}
	out := map[string]string{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return bad("not JSON", err)
		}
		key, _ := tok.(string)
		if _, twice := out[key]; twice || len(out) >= maxFields {
			return bad("a field twice, or too many fields", nil)
		}
		tok, err = dec.Token()
		if err != nil {
			return bad("not JSON", err)
		}
		switch v := tok.(type) {
		case string:
			out[key] = v
		case json.Number:
			out[key] = v.String()
		case nil:
			out[key] = ""
		default:
			return bad("a field is neither text nor number", nil)
		}
	}
	if _, err := dec.Token(); err != nil {
		return bad("object is cut", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return bad("something follows the object", nil)
	}
	return out, nil
}
