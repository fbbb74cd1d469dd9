package province

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/esign"
)

// Exit codes of verify; of several files the highest.
const (
	exitValid      = 0
	exitUnreadable = 3 // or unsigned; the report says which of 0 to 3
)

func (r *runner) verifyCommand() *cobra.Command {
	var asJSON bool
	var trust string
	cmd := &cobra.Command{
		Use:   "verify FILE…",
		Short: "judge the signatures of files: exit 0 valid, 1 invalid, 2 indeterminate, 3 unreadable or unsigned",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return r.verify(cmd, args, trust, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON, one object a line")
	cmd.Flags().StringVar(&trust, "trust", "", "PEM file of trusted roots; without it and without --data none is trusted")
	return cmd
}

// verified is one line of --json.
type verified struct {
	File string `json:"file"`
	*esign.Report
	Error string `json:"error,omitempty"`
}

func (r *runner) verify(cmd *cobra.Command, files []string, trust string, asJSON bool) error {
	o, err := r.verifyOptions(cmd, trust)
	if err != nil {
		return &Exit{Code: exitUnreadable, Err: err}
	}
	worst := exitValid
	for _, name := range files {
		v := verified{File: name}
		code := exitUnreadable
		v.Report, err = verifyFile(cmd, name, o)
		if err != nil {
			v.Report, v.Error = unread(), err.Error()
		} else {
			code = v.Exit()
		}
		worst = max(worst, code)
		if err := v.write(cmd.OutOrStdout(), asJSON); err != nil {
			return &Exit{Code: exitUnreadable, Err: err} // nobody has read the report: no code may pass for a verdict
		}
	}
	if worst == exitValid {
		return nil
	}
	return &Exit{Code: worst}
}

// verifyOptions trusts the roots a flag names. Without one none is known,
// whatever a data folder holds; no folder is made.
func (r *runner) verifyOptions(cmd *cobra.Command, trust string) (*esign.VerifyOptions, error) {
	o := &esign.VerifyOptions{Roots: []*x509.Certificate{}}
	file := trust
	if fl := cmd.Flags().Lookup("data"); fl != nil && fl.Changed {
		if trust != "" {
			return nil, errors.New("give --trust or --data, not both")
		}
		folder, err := ReadFolder(r.flags.Data)
		if err != nil {
			return nil, err
		}
		clock, err := folder.Clock("", r.machine)
		if err != nil {
			return nil, err
		}
		o.Now = clock.Now
		file = folder.Path("trust", "root.pem")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) { // a province without simulators
			c, err := ReadConfig(folder.Path(keptConfig))
			if err != nil {
				return nil, err
			}
			o.Roots, err = esign.LoadRoots([]byte(c.Esign.Roots))
			return o, err
		}
	}
	if file == "" {
		return o, nil
	}
	raw, err := readRoots(file)
	if err != nil {
		return nil, err
	}
	o.Roots, err = esign.LoadRoots(raw)
	return o, err
}

const maxRoots = 4 << 20

func readRoots(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxRoots {
		return nil, fmt.Errorf("%s is no PEM file of at most %d bytes", name, maxRoots)
	}
	return os.ReadFile(name)
}

// unread is the report on a file that could not be read, so that every line of
// --json has the same fields.
func unread() *esign.Report {
	return &esign.Report{State: esign.Unreadable, Signers: []esign.Signature{}, Reason: esign.Reason{Code: "unreadable",
		VI: "Không đọc được tệp.", EN: "The file cannot be read."}}
}

func verifyFile(cmd *cobra.Command, name string, o *esign.VerifyOptions) (*esign.Report, error) {
	info, err := os.Stat(name) // before opening: a pipe nobody writes to would never open
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return esign.Verify(cmd.Context(), f, info.Size(), o)
}

func (v *verified) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	if v.Error != "" {
		_, err := fmt.Fprintf(w, "%s: %s\n", v.File, v.Error)
		return err
	}
	if _, err := fmt.Fprintf(w, "%s:\n", v.File); err != nil {
		return err
	}
	for _, line := range v.Lines(true) {
		if _, err := fmt.Fprintf(w, "  %s\n", line); err != nil {
			return err
		}
	}
	return nil
}
