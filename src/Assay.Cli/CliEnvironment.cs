using System.Reflection;
using Assay.Lab;
using Assay.Statistics;
using Spectre.Console;

namespace Assay.Cli;

/// <summary>The world as a command sees it: two consoles, a folder, a clock and the catalog. Tests give their own.</summary>
public sealed class CliEnvironment
{
    // By name, because a room that nothing here uses yet would not be among the referenced assemblies.
    private static readonly string[] Rooms =
        ["Assay.Statistics", "Assay.Data", "Assay.Evaluation", "Assay.Training", "Assay.Language", "Assay.Chat", "Assay.Lab"];

    private readonly Lazy<MethodCatalog> catalog = new(static () => MethodCatalog.Of(RoomAssemblies()));

    /// <summary>Where results go.</summary>
    public required IAnsiConsole Output { get; init; }

    /// <summary>Where progress, warnings and errors go.</summary>
    public required IAnsiConsole Error { get; init; }

    /// <summary>Where a conversation's lines come from.</summary>
    public TextReader Input { get; init; } = System.Console.In;

    /// <summary>The folder that relative paths start from.</summary>
    public string Folder { get; init; } = Environment.CurrentDirectory;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>All methods of all rooms. Reading it loads no native library.</summary>
    public MethodCatalog Catalog => catalog.Value;

    /// <summary>All studies.</summary>
    public StudyCatalog Studies
    {
        get => field ??= StudyCatalog.Of(Assembly.Load("Assay.Studies"));
        init;
    }

    /// <summary>The options that every command has.</summary>
    public GlobalOptions Options { get; } = new();

    /// <summary>The process's own terminal or pipes.</summary>
    public static CliEnvironment OfTerminal() => new() { Output = Console(System.Console.Out), Error = Console(System.Console.Error) };

    /// <summary>A path as the user wrote it, made absolute.</summary>
    public string PathOf(string path) => Path.GetFullPath(path, Folder);

    private static IAnsiConsole Console(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        // A pipe has no width; the usual guess of 80 would break tables that a script or a file can take whole.
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out var columns) && columns > 20 ? columns : 160;
        return console;
    }

    private static IEnumerable<Assembly> RoomAssemblies()
    {
        foreach (var room in Rooms)
        {
            Assembly? assembly = null;
            try
            {
                assembly = Assembly.Load(room);
            }
            catch (FileNotFoundException)
            {
                // A build without that room.
            }
            if (assembly is not null)
                yield return assembly;
        }
    }
}
