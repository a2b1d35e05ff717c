using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Assay.Cli;
using Assay.Statistics;
using Spectre.Console;

namespace Assay.Benchmarks;

/// <summary>
/// Runs commands in this process on damaged files. What a case does depends on the seed, the target and the case's number alone, so that
/// <c>--only TARGET --case NUMBER</c> repeats it.
/// </summary>
internal static partial class FuzzRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private const long MostBytes = 768L << 20;

    /// <summary>The count divided by the targets' weights, the rest to the first.</summary>
    public static int[] Shares(FuzzTarget[] targets, int count)
    {
        var weights = targets.Sum(t => t.Weight);
        int[] shares = [.. targets.Select(t => count * t.Weight / Math.Max(1, weights))];
        for (var i = 0; i < shares.Length && shares.Sum() < count; i++)
            shares[i]++;
        return shares;
    }

    /// <summary>Fuzzes one target.</summary>
    /// <param name="target">The target.</param>
    /// <param name="count">The number of cases.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="single">A case to run alone and to print, or null.</param>
    public static FuzzResult Of(FuzzTarget target, int count, long seed, int? single = null)
    {
        var folder = Directory.CreateTempSubdirectory("assay-fuzz-").FullName;
        try
        {
            foreach (var file in target.Files)
                Write(folder, file, file.Content);
            // The undamaged files must pass, and agree with the second reading: else the target proves nothing.
            var whole = Case(target, folder);
            if (whole.Outcome is not (FuzzOutcome.Checked or FuzzOutcome.Read) || (target.Check is not null && whole.Outcome != FuzzOutcome.Checked))
                throw new InvalidOperationException($"{target.Name}: the undamaged files give '{whole.Outcome}': {whole.Message}");
            var counts = new Dictionary<FuzzOutcome, int>();
            var (named, failures) = (0, ImmutableArray.CreateBuilder<string>());
            foreach (var i in single is { } one ? [one] : Enumerable.Range(0, count))
            {
                var random = SeededRandom.At(seed, i, target.Name.Aggregate(7L, static (h, c) => unchecked(h * 31 + c)));
                var index = target.Damaged.IsEmpty ? random.Next(target.Files.Length) : target.Damaged[random.Next(target.Damaged.Length)];
                var file = target.Files[index];
                Write(folder, file, Mutation.Of(file.Content, file.IsText, random));
                var (outcome, message) = InTime(target, folder);
                counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
                if (outcome == FuzzOutcome.Refused && Place().IsMatch(message))
                    named++;
                if (single is not null)
                    Console.WriteLine($"{outcome}: {message}\n{file.Path}:\n{(file.IsText ? File.ReadAllText(Path.Combine(folder, file.Path)) : Convert.ToHexString(File.ReadAllBytes(Path.Combine(folder, file.Path))))}");
                if (outcome is FuzzOutcome.Wrong or FuzzOutcome.Crash or FuzzOutcome.Hang or FuzzOutcome.Memory && failures.Count < 5)
                    failures.Add($"{target.Name}, case {i}, {file.Path}: {message}");
                if (outcome == FuzzOutcome.Hang)
                    break; // its thread still holds the folder
                Write(folder, file, file.Content);
            }
            return new FuzzResult(target.Name, counts.ToImmutableDictionary(), named, failures.ToImmutable());
        }
        finally
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // A thread that hangs may write there.
            }
        }
    }

    private static void Write(string folder, FuzzFile file, byte[] content)
    {
        var path = Path.Combine(folder, file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
    }

    private static (FuzzOutcome Outcome, string Message) InTime(FuzzTarget target, string folder)
    {
        var before = GC.GetTotalAllocatedBytes();
        var work = Task.Run(() => Case(target, folder));
        if (!work.Wait(Patience))
            return (FuzzOutcome.Hang, $"not done after {Patience.TotalSeconds:0} s");
        var taken = GC.GetTotalAllocatedBytes() - before;
        return taken > MostBytes ? (FuzzOutcome.Memory, $"{taken >> 20} MiB were allocated") : work.Result;
    }

    private static (FuzzOutcome Outcome, string Message) Case(FuzzTarget target, string folder)
    {
        if (target.Read is { } read)
            return Reader(read, folder);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var environment = new CliEnvironment { Output = Terminal(output), Error = Terminal(error), Folder = folder };
        int exit;
        try
        {
            exit = CliHost.RunAsync([.. target.Arguments, "--json", "--debug"], environment).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            return (FuzzOutcome.Crash, $"{e.GetType().Name} left the command line: {e}");
        }
        // --debug prints the exception before the line that users see.
        var lines = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var last = lines.Length > 0 ? lines[^1].TrimEnd('\r') : "";
        if (exit == CliHost.BadInput)
        {
            return last.StartsWith("assay: ", StringComparison.Ordinal) && last.Length is > 12 and < 3000
                ? (FuzzOutcome.Refused, last)
                : (FuzzOutcome.Crash, $"a refusal that says nothing: '{last}'");
        }
        if (exit != CliHost.Done)
            return (FuzzOutcome.Crash, $"exit code {exit}: {error}");
        if (target.Check is not { } check)
            return (FuzzOutcome.Read, output.ToString());
        JsonDocument result;
        try
        {
            result = JsonDocument.Parse(output.ToString());
        }
        catch (JsonException e)
        {
            return (FuzzOutcome.Crash, $"the result is no JSON: {e.Message}");
        }
        using (result)
        {
            return check(folder, result.RootElement) switch
            {
                null => (FuzzOutcome.Checked, ""),
                FuzzTarget.Unknown => (FuzzOutcome.Read, "the second reading is not sure"),
                var difference => (FuzzOutcome.Wrong, difference),
            };
        }
    }

    private static (FuzzOutcome, string) Reader(Action<string> read, string folder)
    {
        try
        {
            read(folder);
            return (FuzzOutcome.Read, "");
        }
        catch (InvalidDataException e)
        {
            return (FuzzOutcome.Refused, e.Message);
        }
        catch (Exception e)
        {
            return (FuzzOutcome.Crash, e.ToString());
        }
    }

    private static IAnsiConsole Terminal(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No });
        console.Profile.Width = 200;
        return console;
    }

    // What tells a user where to look.
    [GeneratedRegex(@"\.(csv|tsv|parquet|jsonl?|npy|npz|gz|yaml|json)|\b(row|line|column|item|id|model|class)\b|\(\d+(,\d+)?\)", RegexOptions.IgnoreCase)]
    private static partial Regex Place();
}
