package vnpay

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/payment/driver"
)

// The vectors were computed by others: the first by the public test of
// lehuygiang28/vnpay, the second in Go and Python alike, the rest from the
// field orders of VNPAY's guide by an independent script.
var queryVectors = []struct{ name, secret, query, hash string }{
	{
		"public", "YOUR_SECURE_SECRET",
		"vnp_Amount=10000&vnp_OrderInfo=Payment+for+order+%231234567890&vnp_TnxRef=1234567890",
		"7bb8160a5d2085a85b3267817a40ee4f770a335282f19714726e6fc6f28a64c75a1e7e9c1aa96f3cbda5ce44095088fb4cb2af66c596d2f655b0b53966312089",
	},
	{
		"accents and a return address", "test-secret-vnpay-0123456789",
		"vnp_Amount=15000000&vnp_Command=pay&vnp_CreateDate=20260701080000&vnp_CurrCode=VND&vnp_IpAddr=127.0.0.1&vnp_Locale=vn" +
			"&vnp_OrderInfo=L%E1%BB%87+ph%C3%AD+h%E1%BB%93+s%C6%A1+000.01.10.H01-260701-0001&vnp_OrderType=other" +
			"&vnp_ReturnUrl=https%3A%2F%2Fdvc.test.invalid%2Ftt%2Fve%3Fx%3D1&vnp_TmnCode=TESTDVC1" +
			"&vnp_TxnRef=000.01.10.H01-260701-0001-1&vnp_Version=2.1.0",
		"1d85a90b39eb463fe0f516717d0577494eb2bfe861e0afa07aa10162fc05fd9e758bab1498b43ea215bb2ff334b6f4f0132f3b96b077b4506ba267cc514381fe",
	},
	{
		"pay", "TESTSECRET",
		"vnp_Amount=1400000&vnp_Command=pay&vnp_CreateDate=20250101083000&vnp_CurrCode=VND&vnp_ExpireDate=20250101084500" +
			"&vnp_IpAddr=127.0.0.1&vnp_Locale=vn&vnp_OrderInfo=Thanh+toan+ho+so+H10.12-250101-0001&vnp_OrderType=other" +
			"&vnp_ReturnUrl=https%3A%2F%2Fexample.test%2Freturn&vnp_TmnCode=DEMO0001&vnp_TxnRef=H10.12-250101-0001&vnp_Version=2.1.0",
		"a98c0f28cce1bb042c46c8e206d583861f12e0a5aab230e1a8c9b8d1b1593ad0af97c45c1d487fbaf0ab204d8b7a3766359d599872c0e0f0299b8d7c72cc5511",
	},
}

func TestQueryVectors(t *testing.T) {
	t.Parallel()
	for _, v := range queryVectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			fields := map[string]string{"vnp_BankCode": ""} // an empty value is left out
			parsed, err := url.ParseQuery(v.query)
			require.NoError(t, err)
			for k := range parsed {
				fields[k] = parsed.Get(k)
			}
			assert.Equal(t, v.query+"&vnp_SecureHash="+v.hash, SignQuery([]byte(v.secret), fields))

			for _, raw := range []string{
				v.query + "&vnp_SecureHash=" + v.hash,
				v.query + "&vnp_SecureHash=" + strings.ToUpper(v.hash),
				"vnp_SecureHash=" + v.hash + "&" + v.query,
				v.query + "&vnp_BankCode=&vnp_SecureHashType=HmacSHA512&vnp_SecureHash=" + v.hash,
				"utm=x&" + v.query + "&vnp_SecureHash=" + v.hash,
			} {
				got, err := VerifyQuery([]byte(v.secret), raw)
				require.NoError(t, err)
				delete(got, "vnp_BankCode")
				delete(fields, "vnp_BankCode")
				assert.Equal(t, fields, got)
			}
		})
	}
}

func TestFieldVectors(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct{ data, hash string }{
		"querydr": {
			"REQ0001|2.1.0|querydr|DEMO0001|H10.12-250101-0001|20250101083000|20250101090000|127.0.0.1|Query",
			"3692d2be1badb411fa260327da213e5629deee100e0aa1078b492c2b4575ea8969b63b39a19da22aeb48dd4e49d43b371867dd2cdbe62df2c71aaf1d550af996",
		},
		"refund": {
			"REQ0002|2.1.0|refund|DEMO0001|02|H10.12-250101-0001|1400000|0|20250101083000|officer1|20250102080000|127.0.0.1|Refund",
			"591b193a264e3fe8cc3d5b41aeea30c6b92fd85cc198f9a5406e0fb7b082569e7acb47c794758d46418d1f0d0c1b769634889ee1734e1a9f4645af33d370dbab",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := strings.Split(v.data, "|")
			assert.Equal(t, v.hash, SignFields([]byte("TESTSECRET"), values...))
			assert.True(t, VerifyFields([]byte("TESTSECRET"), v.hash, values...))
			assert.False(t, VerifyFields([]byte("TESTSECRET2"), v.hash, values...))
			assert.False(t, VerifyFields([]byte("TESTSECRET"), v.hash[:126], values...))
			assert.False(t, VerifyFields([]byte("TESTSECRET"), "", values...))
		})
	}
}

// TestRequestOrder ties the names to the vector of the querydr request.
func TestRequestOrder(t *testing.T) {
	t.Parallel()
	req := map[string]string{
		"vnp_RequestId": "REQ0001", "vnp_Version": "2.1.0", "vnp_Command": "querydr", "vnp_TmnCode": "DEMO0001",
		"vnp_TxnRef": "H10.12-250101-0001", "vnp_TransactionDate": "20250101083000", "vnp_CreateDate": "20250101090000",
		"vnp_IpAddr": "127.0.0.1", "vnp_OrderInfo": "Query",
	}
	assert.Equal(t,
		"3692d2be1badb411fa260327da213e5629deee100e0aa1078b492c2b4575ea8969b63b39a19da22aeb48dd4e49d43b371867dd2cdbe62df2c71aaf1d550af996",
		SignFields([]byte("TESTSECRET"), pick(req, RequestFields())...))
}

func TestEncodersDisagreeAndTheRawQueryDecides(t *testing.T) {
	t.Parallel()
	secret := []byte("s")
	for name, q := range map[string]string{
		"star left alone":     "vnp_OrderInfo=a*b&vnp_TxnRef=1",
		"star escaped":        "vnp_OrderInfo=a%2Ab&vnp_TxnRef=1",
		"tilde escaped":       "vnp_OrderInfo=a%7Eb&vnp_TxnRef=1",
		"space as %20":        "vnp_OrderInfo=a%20b&vnp_TxnRef=1",
		"lower-case escapes":  "vnp_OrderInfo=a%2fb&vnp_TxnRef=1",
		"apostrophe as it is": "vnp_OrderInfo=a'b&vnp_TxnRef=1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := VerifyQuery(secret, q+"&vnp_SecureHash="+SignFields(secret, q))
			require.NoError(t, err)
		})
	}
}

func TestVerifyQueryRefuses(t *testing.T) {
	t.Parallel()
	secret := []byte("s")
	signed := func(q string) string { return q + "&vnp_SecureHash=" + SignFields(secret, q) }
	for name, c := range map[string]struct {
		raw  string
		want driver.Code
	}{
		"empty":                  {"", driver.CodeForged},
		"no hash":                {"vnp_TxnRef=1", driver.CodeForged},
		"hash not hex":           {"vnp_TxnRef=1&vnp_SecureHash=zz", driver.CodeForged},
		"hash of half":           {signed("vnp_TxnRef=1")[:80], driver.CodeForged},
		"two values":             {signed("vnp_Amount=1&vnp_Amount=2"), driver.CodeInvalid},
		"two hashes":             {signed("vnp_A=1") + "&vnp_SecureHash=00", driver.CodeInvalid},
		"escaped name":           {signed("vnp_%41=1"), driver.CodeInvalid},
		"does not decode":        {signed("vnp_A=%zz"), driver.CodeInvalid},
		"too long":               {strings.Repeat("a", 4097), driver.CodeInvalid},
		"too many":               {manyFields(), driver.CodeInvalid},
		"SHA-256 of version 2.0": {"vnp_A=1&vnp_SecureHash=" + strings.Repeat("0", 64), driver.CodeForged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := VerifyQuery(secret, c.raw)
			assert.Nil(t, f)
			assert.Equal(t, c.want, errorCode(err))
		})
	}
}

func manyFields() string {
	var b strings.Builder
	for i := range maxFields + 1 {
		b.WriteString("&vnp_")
		b.WriteString(strings.Repeat("a", i+1))
		b.WriteString("=1")
	}
	return b.String()[1:]
}

func FuzzVerifyQuery(f *testing.F) {
	secret := []byte("TESTSECRET")
	for _, v := range queryVectors {
		f.Add(v.query + "&vnp_SecureHash=" + v.hash)
	}
	f.Add("&&=&vnp_=&vnp_SecureHash=%")
	f.Fuzz(func(t *testing.T, raw string) {
		fields, err := VerifyQuery(secret, raw)
		if err != nil {
			if c := errorCode(err); c != driver.CodeForged && c != driver.CodeInvalid {
				t.Fatalf("refused as %v", c)
			}
			return
		}
		// whatever verified must be what its own signature says
		if _, err := VerifyQuery(secret, SignQuery(secret, fields)); err != nil {
			t.Fatalf("verified once, refused after signing again: %v", err)
		}
	})
}

func FuzzReadFlat(f *testing.F) {
	f.Add([]byte(`{"vnp_Amount":1400000,"vnp_TxnRef":"1","vnp_BankCode":null}`))
	f.Add([]byte(`{"a":"b","a":"c"}`))
	f.Add([]byte(`{"a":{}} `))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := ReadFlat(data); err == nil && len(m) > maxFields {
			t.Fatal("more fields than allowed")
		}
	})
}

func TestReadFlat(t *testing.T) {
	t.Parallel()
	got, err := ReadFlat([]byte(` {"a":"x","b":1400000,"c":null,"d":1.50} `))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "x", "b": "1400000", "c": "", "d": "1.50"}, got, "numbers keep the letters that were signed")
	for _, bad := range []string{
		"", "null", "[]", `"a"`, `{`, `{"a"`, `{"a":`, `{"a":"b"`, `{"a":{}}`, `{"a":[]}`, `{"a":true}`, `{"a":"b","a":"b"}`,
		`{"a":"b"}{}`, `{"a":"b"} x`, `{"a":"b",}`,
	} {
		_, err := ReadFlat([]byte(bad))
		assert.Equal(t, driver.CodeInvalid, errorCode(err), bad)
	}
	many := strings.Repeat(`"k":1,`, maxFields+1)
	for n := range maxFields + 1 {
		many = strings.Replace(many, `"k"`, `"k`+strings.Repeat("x", n)+`"`, 1)
	}
	_, err = ReadFlat([]byte("{" + strings.TrimSuffix(many, ",") + "}"))
	assert.Equal(t, driver.CodeInvalid, errorCode(err))
}

func TestFieldNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"vnp_azAZ09_": true, "vnp_a`": false, "vnp_{": false, "vnp_@": false, "vnp_[": false, "vnp_/": false, "vnp_:": false, "vnp_-": false,
	} {
		assert.Equal(t, want, plain(name), name)
	}
}
