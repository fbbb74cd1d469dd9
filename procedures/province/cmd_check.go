package province

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/procedures"
)

func (r *runner) proceduresCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "procedures", Short: "check, draw and explain procedures"}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check DIR",
			Short: "say what is wrong with a folder of procedures",
			Args:  cobra.ExactArgs(1),
			RunE:  r.checkProcedures,
		},
		&cobra.Command{Use: "draw CODE", Short: "draw a procedure's machine as Mermaid", Args: cobra.ExactArgs(1), RunE: r.draw},
		&cobra.Command{Use: "bindings", Short: "list what YAML may name", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), procedures.StandardBindings().String())
			return err
		}},
	)
	return cmd
}

func (r *runner) checkProcedures(cmd *cobra.Command, args []string) error {
	source, err := ProceduresFS(args[0], r.province.Procedures)
	if err != nil {
		return err
	}
	catalogue, found, err := procedures.Load(source)
	if err != nil {
		return err
	}
	for _, f := range found {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), f); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		return &Exit{Code: 1, Err: fmt.Errorf("%d findings", len(found))}
	}
	if err := r.together(cmd, catalogue, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "no findings")
	return err
}

// together warns of what procedures and directory say of each other that is not
// so. Whichever is nil is the one the province would be served with.
func (r *runner) together(cmd *cobra.Command, c *procedures.Catalogue, d *directory.Directory) error {
	conf, err := r.config(cmd)
	if err != nil {
		return err
	}
	now, err := r.today(conf)
	if err != nil {
		return err
	}
	if c == nil {
		source, err := ProceduresFS(conf.Procedures, r.province.Procedures)
		if err != nil {
			return err
		}
		if c, err = LoadCatalogue(source); err != nil {
			return err
		}
	}
	if d == nil {
		if conf.Directory == "" && r.province.Directory == nil {
			return nil
		}
		live, err := r.openDirectory(conf.Directory)
		if err != nil {
			return err
		}
		d = live.Directory()
	}
	for _, s := range disagreements(c, d, now) {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), "warning:", s); err != nil {
			return err
		}
	}
	return nil
}

// today is the day a command without a data folder goes by.
func (r *runner) today(c *Config) (time.Time, error) {
	if c.Date != "" {
		return ParseDate(c.Date)
	}
	return r.machine(), nil
}

func (r *runner) draw(cmd *cobra.Command, args []string) error {
	c, err := r.config(cmd)
	if err != nil {
		return err
	}
	source, err := ProceduresFS(c.Procedures, r.province.Procedures)
	if err != nil {
		return err
	}
	catalogue, err := LoadCatalogue(source)
	if err != nil {
		return err
	}
	at, err := r.today(c)
	if err != nil {
		return err
	}
	p, err := catalogue.At(args[0], at)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(cmd.OutOrStdout(), p.With(Modules()...).Mermaid())
	return err
}

func (r *runner) directoryCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "directory", Short: "check units and officials"}
	cmd.AddCommand(&cobra.Command{Use: "check DIR", Short: "say what is wrong with a directory", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return fmt.Errorf("directory folder %s is not there", args[0])
			}
			d, found, err := directory.Load(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			faults := 0
			for _, f := range found {
				if !f.Warning {
					faults++
				}
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), f); err != nil {
					return err
				}
			}
			if faults > 0 {
				return &Exit{Code: 1, Err: fmt.Errorf("%d faults", faults)}
			}
			if err := r.together(cmd, nil, d); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "no faults")
			return err
		}})
	return cmd
}

func (r *runner) exportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "write what others are told"}
	var day string
	national := &cobra.Command{Use: "national", Short: "write the day's DongBoHoSoMC items as JSON", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			at, err := time.ParseInLocation(time.DateOnly, day, hanoi)
			if err != nil {
				return fmt.Errorf("day %q: write 2024-11-15", day)
			}
			c, err := r.config(cmd)
			if err != nil {
				return err
			}
			s, err := r.reading(cmd.Context(), c)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			items, err := s.app.Desk.ExportDay(cmd.Context(), at)
			if err != nil {
				return err
			}
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			enc.SetEscapeHTML(false)
			if items == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "[]")
				return err
			}
			return enc.Encode(items)
		}}
	national.Flags().StringVar(&day, "day", "", "day of the law's calendar, 2024-11-15")
	cmd.AddCommand(national)
	return cmd
}
