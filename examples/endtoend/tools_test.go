package endtoend

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool returns how to run a program we have not written. Where it is missing the
// test is skipped, and fails when CI=true.
func tool(t testing.TB, name string) func(args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.FailNow(t, name+" is required when CI=true")
		}
		t.Skipf("%s is not installed", name)
	}
	return func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		cmd.Dir = t.TempDir() // some leave files behind
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// temp writes a file of the test.
func temp(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// signature is one signature as its bytes lie in a file.
type signature struct {
	from, to int    // of the digits in /Contents, without < and >
	end      int    // of the ByteRange
	signed   []byte // what the ByteRange covers
	cms      []byte // /Contents without padding
}

var byteRange = regexp.MustCompile(`/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]`)

// signatures finds the signatures of a file in the order of signing.
func signatures(t testing.TB, pdf []byte) []signature {
	t.Helper()
	var out []signature
	for _, m := range byteRange.FindAllSubmatch(pdf, -1) {
		var n [4]int
		for i := range n {
			var err error
			n[i], err = strconv.Atoi(string(m[i+1]))
			require.NoError(t, err)
		}
		s := signature{from: n[1] + 1, to: n[2] - 1, end: n[2] + n[3]}
		require.Zero(t, n[0])
		require.Equal(t, "<>", string([]byte{pdf[n[1]], pdf[n[2]-1]}))
		s.signed = append(append([]byte{}, pdf[:n[1]]...), pdf[n[2]:s.end]...)
		raw := make([]byte, hex.DecodedLen(s.to-s.from))
		_, err := hex.Decode(raw, pdf[s.from:s.to])
		require.NoError(t, err)
		var whole asn1.RawValue
		_, err = asn1.Unmarshal(raw, &whole)
		require.NoError(t, err)
		s.cms = whole.FullBytes
		out = append(out, s)
	}
	return out
}

// signerInfo is what RFC 5652 §5.3 lays down, with the unsigned attributes.
type signerInfo struct {
	Version   int
	SID       asn1.RawValue
	Digest    asn1.RawValue
	Signed    asn1.RawValue `asn1:"tag:0"`
	Algorithm asn1.RawValue
	Signature []byte
	Unsigned  []struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	} `asn1:"tag:1,set"`
}

// stampOf returns the time stamp of a signature (id-aa-timeStampToken) and what
// it stamps: the signature value.
func stampOf(t testing.TB, cms []byte) (token, stamped []byte) {
	t.Helper()
	var content struct {
		Type asn1.ObjectIdentifier
		Data struct {
			Version      int
			Digests      asn1.RawValue
			Content      asn1.RawValue
			Certificates asn1.RawValue `asn1:"optional,tag:0"`
			Signers      []signerInfo  `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	_, err := asn1.Unmarshal(cms, &content)
	require.NoError(t, err)
	require.Len(t, content.Data.Signers, 1)
	info := content.Data.Signers[0]
	for _, a := range info.Unsigned {
		if a.Type.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}) {
			return a.Values[0].FullBytes, info.Signature
		}
	}
	require.Fail(t, "the signature has no time stamp")
	return nil, nil
}

// render draws a page as pdftoppm does.
func render(t testing.TB, file string, page, dpi int) image.Image {
	t.Helper()
	n := strconv.Itoa(page)
	base := filepath.Join(t.TempDir(), "page")
	out, err := tool(t, "pdftoppm")("-png", "-r", strconv.Itoa(dpi), "-f", n, "-l", n, "-singlefile", file, base)
	require.NoError(t, err, out)
	raw, err := os.ReadFile(base + ".png")
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	return img
}

// pages counts the pages of a file.
func pages(t testing.TB, file string) int {
	t.Helper()
	out, err := tool(t, "qpdf")("--show-npages", file)
	require.NoError(t, err, out)
	n, err := strconv.Atoi(string(bytes.TrimSpace([]byte(out))))
	require.NoError(t, err)
	return n
}

// textOf is the text of some pages, as pdftotext reads it.
func textOf(t testing.TB, file string, from, to int) string {
	t.Helper()
	out, err := tool(t, "pdftotext")("-f", strconv.Itoa(from), "-l", strconv.Itoa(to), "-layout", file, "-")
	require.NoError(t, err, out)
	return out
}

// codes reads the QR codes of a picture.
func codes(t testing.TB, picture string) string {
	t.Helper()
	out, err := tool(t, "zbarimg")("--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture)
	var exit *exec.ExitError
	require.True(t, err == nil || errors.As(err, &exit) && exit.ExitCode() == 4, "%v %s", err, out) // 4: no code was found
	return out
}
