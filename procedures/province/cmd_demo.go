package province

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/motcua/motcua/procedures/province/demo"
)

// exitRefused is the exit code of a demo whose scan cannot be certified.
const exitRefused = 4

func (r *runner) demoCommand() *cobra.Command {
	var in, out, address string
	cmd := &cobra.Command{Use: "demo", Short: "take one dossier from a scan to a certified copy, over HTTP", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.demo(cmd, in, out, address) }}
	cmd.Flags().StringVar(&in, "in", "", "scan to certify (default: one is drawn)")
	cmd.Flags().StringVar(&out, "out", "certified.pdf", "file the certified copy is written to")
	cmd.Flags().StringVar(&address, "url", "", "use the server running at this address, start none")
	return cmd
}

func (r *runner) demo(cmd *cobra.Command, in, out, address string) (err error) {
	o := &demo.Options{URL: address, Out: out, Stdout: cmd.OutOrStdout()}
	if in != "" {
		if o.Scan, err = os.ReadFile(in); err != nil {
			return err
		}
	}
	if address == "" {
		return refusal(cmd, r.demoHere(cmd, o))
	}
	if cmd.Flags().Changed("data") {
		o.Done = filepath.Join(r.flags.Data, "demo.done")
	}
	return refusal(cmd, demo.Run(cmd.Context(), o))
}

// demoHere serves the province in this process and talks to it over TCP alone.
func (r *runner) demoHere(cmd *cobra.Command, o *demo.Options) (err error) {
	c, err := r.config(cmd)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	s, err := r.start(ctx, c)
	if err != nil {
		return err
	}
	o.URL, o.Done = c.PublicURL, s.setup.Folder.Path("demo.done")
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- s.app.Serve(serving, s.listener) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served, s.close())
	}()
	return demo.Run(ctx, o)
}

// refusal prints the last line of a demo whose scan was refused.
func refusal(cmd *cobra.Command, err error) error {
	var refused *demo.Refused
	if !errors.As(err, &refused) {
		return err
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), refused.Error()); err != nil {
		return err
	}
	return &Exit{Code: exitRefused}
}
