using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Spectre.Console;

namespace Assay.Cli;

/// <summary>The <c>assay</c> command.</summary>
public static class AssayCli
{
    /// <summary>The version of this build.</summary>
    public static string Version { get; } =
        typeof(AssayCli).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Builds the command with all its subcommands.</summary>
    public static Command Create(CliEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var help = new HelpOption();
        help.Action = new CommandDefinition.HelpWithExamples((HelpAction)help.Action!);
        // Not a RootCommand: that one is named after the process, which is another one under test.
        var root = new Command("assay", "A laboratory for machine-learning models: train them, judge them, repair what the judging finds.")
        {
            help,
            new VersionOption { Action = new ShowVersion(environment) },
            environment.Options.Json,
            environment.Options.Quiet,
            environment.Options.Debug,
        };
        foreach (var command in Commands(environment).OrderBy(c => c.Name, StringComparer.Ordinal))
            root.Add(command);
        root.Handle(environment, session =>
        {
            session.Show(new { version = Version, commands = root.Subcommands.Select(c => new { c.Name, c.Description }) }, _ => Overview.Render());
            return CliHost.Done;
        });
        return root;
    }

    private static IEnumerable<Command> Commands(CliEnvironment environment) =>
    [
        AggregateCommand.Create(environment),
        AuditCommand.Create(environment),
        BenchCommand.Create(environment),
        CalibrateCommand.Create(environment),
        CompareCommand.Create(environment),
        DataCommand.Create(environment),
        DemoCommand.Create(environment),
        FederateCommand.Create(environment),
        HeadsCommand.Create(environment),
        JudgeCommand.Create(environment),
        LmCommand.Create(environment),
        LifelongCommand.Create(environment),
        MethodsCommand.Create(environment),
        RobustnessCommand.Create(environment),
        RunsCommand.Create(environment),
        ScaleCommand.Create(environment),
        SelectCommand.Create(environment),
        StudyCommand.Create(environment),
        TrainCommand.Create(environment),
        VerifyCommand.Create(environment),
        LossesCommand.Create(environment),
    ];

    private sealed class ShowVersion(CliEnvironment environment) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            environment.Output.Profile.Out.Writer.WriteLine($"assay {Version}");
            return CliHost.Done;
        }
    }
}
