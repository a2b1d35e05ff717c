using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace Assay.Cli;

/// <summary>What a command of ours has beyond System.CommandLine: a handler with a session, and examples in its help.</summary>
public static class CommandDefinition
{
    private static readonly ConditionalWeakTable<Command, List<(string Line, string Meaning)>> Examples = [];

    extension(Command command)
    {
        /// <summary>Sets what the command does. The handler returns the exit code.</summary>
        public void Handle(CliEnvironment environment, Func<CommandSession, int> handler) =>
            command.SetAction((arguments, cancellation) => Task.FromResult(handler(new CommandSession(environment, arguments, cancellation))));

        /// <summary>Sets what the command does. The handler returns the exit code.</summary>
        public void Handle(CliEnvironment environment, Func<CommandSession, Task<int>> handler) =>
            command.SetAction((arguments, cancellation) => handler(new CommandSession(environment, arguments, cancellation)));

        /// <summary>Adds an example to the help, for example <c>("assay methods --kind loss", "the losses")</c>.</summary>
        public void Example(string line, string meaning) => Examples.GetOrCreateValue(command).Add((line, meaning));
    }

    /// <summary>The system's help followed by the command's examples.</summary>
    internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var exit = help.Invoke(parseResult);
            if (Examples.TryGetValue(parseResult.CommandResult.Command, out var examples))
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                var width = examples.Max(e => e.Line.Length);
                foreach (var (line, meaning) in examples)
                    output.WriteLine(width < 60 ? $"  {line.PadRight(width)}  {meaning}" : $"  {line}\n      {meaning}");
                output.WriteLine();
            }
            return exit;
        }

        public override bool ClearsParseErrors => true;
    }
}
