using System.Diagnostics;
using System.Text.Json;

namespace Assay.Benchmarks;

/// <summary>
/// Runs a peer's script (<c>benchmarks/peers/*.py</c>) on the system's Python. A script does its work once and prints one JSON line
/// with the <c>seconds</c> it took, imports and preparation left out; it exits 3 where a library it needs is not installed.
/// </summary>
internal static class PythonPeer
{
    private const int NotInstalled = 3;

    /// <summary>The seconds of one run, or null when the peer is not installed.</summary>
    /// <exception cref="InvalidOperationException">The script failed.</exception>
    public static double? Run(string script, params string[] arguments) => Run(script, arguments, out _);

    /// <summary>The seconds that a whole process takes, imports included, or null when the peer is not installed.</summary>
    /// <exception cref="InvalidOperationException">The script failed.</exception>
    public static double? RunProcess(string script, params string[] arguments) => Run(script, arguments, out var whole) is null ? null : whole;

    /// <summary>The seconds of one run, or null when the peer is not installed, and the rest of what the script printed.</summary>
    /// <exception cref="InvalidOperationException">The script failed.</exception>
    public static double? Run(string script, out JsonElement result, params string[] arguments) => Run(script, arguments, out _, out result);

    private static double? Run(string script, string[] arguments, out double whole) => Run(script, arguments, out whole, out _);

    private static double? Run(string script, string[] arguments, out double whole, out JsonElement result)
    {
        whole = 0;
        result = default;
        var python = Environment.GetEnvironmentVariable("ASSAY_PEER_PYTHON") ?? "/usr/bin/python3";
        if (!File.Exists(python))
            return null;
        var start = new ProcessStartInfo(python, [Path.Combine(Root(), "benchmarks", "peers", script), .. arguments]) { RedirectStandardOutput = true };
        // Settings that keep an old OpenBLAS from crashing on new processors would slow the peer: it chooses its own kernels.
        start.Environment.Remove("OPENBLAS_CORETYPE");
        start.Environment.Remove("OPENBLAS_L2_SIZE");
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        whole = watch.Elapsed.TotalSeconds;
        if (process.ExitCode == NotInstalled)
            return null;
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"peers/{script} failed with exit code {process.ExitCode}");
        using var json = JsonDocument.Parse(output.Trim().Split('\n')[^1]);
        result = json.RootElement.Clone();
        return result.GetProperty("seconds").GetDouble();
    }

    /// <summary>The folder that holds the solution.</summary>
    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Assay.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException("benchmarks run inside the repository only");
    }
}
