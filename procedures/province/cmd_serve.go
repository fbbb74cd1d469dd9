package province

import (
	"context"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

func (r *runner) serveCommand() *cobra.Command {
	return &cobra.Command{Use: "serve", Short: "serve the portal (the default)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.serve(cmd) }}
}

func (r *runner) serve(cmd *cobra.Command) error {
	c, err := r.config(cmd)
	if err != nil {
		return err
	}
	s, err := r.start(cmd.Context(), c)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", r.province.Name.VI, c.PublicURL)
	if c.Trial {
		fmt.Fprintf(cmd.OutOrStdout(), "law's clock %s; simulated: nothing here is valid in law\n",
			s.setup.Clock.Now().Format("15:04 02/01/2006"))
	}
	return errors.Join(s.app.Serve(cmd.Context(), s.listener), s.close())
}

func (r *runner) simCommand() *cobra.Command {
	return &cobra.Command{Use: "sim", Short: "run the simulators alone, and write DATA/province.yaml for a province that uses them",
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return r.sim(cmd) }}
}

func (r *runner) sim(cmd *cobra.Command) (err error) {
	c, err := r.config(cmd)
	if err != nil {
		return err
	}
	folder, err := OpenFolder(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	s, err := r.newSetup(c, folder)
	if err != nil {
		return err
	}
	sims, err := StartSims(folder, r.simsOptions(s))
	if err != nil {
		return err
	}
	raw, err := yaml.Marshal(&sims.Config)
	if err == nil {
		err = WriteFile(folder.Path("province.yaml"), raw)
	}
	if err == nil {
		fmt.Fprintf(
			cmd.OutOrStdout(),
			"simulators run; %s says how to reach them\n",
			folder.Path("province.yaml"),
		)
		<-cmd.Context().Done()
	}
	bound, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), stopWithin)
	defer cancel()
	return errors.Join(err, sims.Stop(bound))
}
