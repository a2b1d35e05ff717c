using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// A text classifier of any framework in a process of its own: it reads one JSON string a line on its standard input and answers each with one line, the
/// name of a class, a JSON list of probabilities in the order of the classes, or a JSON object from class to probability. It must answer a line before
/// the next one comes (flush).
/// </summary>
public sealed class ProcessTextModel : IDisposable
{
    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string command;
    private readonly ImmutableArray<string> classes;
    private readonly TimeSpan patience;
    private readonly Process process;
    private readonly StringBuilder errors = new();
    private readonly Dictionary<string, float[]> known = new(StringComparer.Ordinal);

    /// <summary>Starts the process through the system's shell.</summary>
    /// <param name="command">The command line.</param>
    /// <param name="folder">The folder it runs in.</param>
    /// <param name="classes">The names of the classes.</param>
    /// <param name="patience">How long an answer may take; two minutes, which leaves time to load a model, where null.</param>
    /// <exception cref="IOException">The process cannot be started.</exception>
    public ProcessTextModel(string command, string folder, ImmutableArray<string> classes, TimeSpan? patience = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(command);
        (this.command, this.classes, this.patience) = (command, classes, patience ?? TimeSpan.FromMinutes(2));
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd.exe", ["/c", command]) : new ProcessStartInfo("/bin/sh", ["-c", command]);
        start.WorkingDirectory = folder;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.StandardInputEncoding = start.StandardOutputEncoding = new UTF8Encoding(false);
        try
        {
            process = Process.Start(start) ?? throw new IOException($"'{command}' cannot be started");
        }
        catch (Win32Exception e)
        {
            throw new IOException($"'{command}' cannot be started: {e.Message}", e);
        }
        process.ErrorDataReceived += (_, e) =>
        {
            lock (errors)
            {
                if (e.Data is not null && errors.Length < 10_000)
                    errors.AppendLine(e.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>The probabilities of texts; equal texts are asked about once.</summary>
    /// <exception cref="IOException">The process ended or did not answer in time.</exception>
    /// <exception cref="InvalidDataException">An answer is none of the three forms.</exception>
    public FloatMatrix Classify(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        foreach (var text in texts)
        {
            if (!known.ContainsKey(text))
                known.Add(text, Ask(text));
        }
        return new FloatMatrix([.. texts.SelectMany(t => known[t])], texts.Count, classes.Length);
    }

    /// <summary>Ends the process.</summary>
    public void Dispose()
    {
        try
        {
            process.StandardInput.Close();
            if (!process.WaitForExit(2000))
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or Win32Exception)
        {
            // It has ended already.
        }
        process.Dispose();
    }

    private float[] Ask(string text)
    {
        string? answer;
        try
        {
            process.StandardInput.WriteLine(JsonSerializer.Serialize(text, Line));
            process.StandardInput.Flush();
            var reading = process.StandardOutput.ReadLineAsync();
            if (!reading.Wait(patience))
                throw new IOException($"'{command}' did not answer a line within {patience.TotalSeconds:0} s; one line of output for each line of input was expected, flushed");
            answer = reading.Result;
        }
        catch (Exception e) when (e is IOException or AggregateException && process.WaitForExit(1000))
        {
            answer = null;
        }
        if (answer is null)
        {
            _ = process.WaitForExit(1000);
            lock (errors)
                throw new IOException($"'{command}' ended{(process.HasExited ? $" with exit code {process.ExitCode}" : "")} after {known.Count} texts{(errors.Length > 0 ? $": {errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1]}" : "")}");
        }
        return Read(answer.Trim());
    }

    private float[] Read(string answer)
    {
        if (classes.IndexOf(answer) is >= 0 and var named)
            return OneHot(named);
        try
        {
            using var json = JsonDocument.Parse(answer);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.String && classes.IndexOf(root.GetString()!) is >= 0 and var quoted)
                return OneHot(quoted);
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() == classes.Length)
                return Checked([.. root.EnumerateArray().Select(v => v.GetSingle())], answer);
            if (root.ValueKind == JsonValueKind.Object && root.EnumerateObject().All(p => classes.Contains(p.Name)))
                return Checked([.. classes.Select(c => root.TryGetProperty(c, out var v) ? v.GetSingle() : 0)], answer);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // No JSON, or not numbers.
        }
        throw Unreadable(answer);
    }

    private float[] Checked(float[] values, string answer) => values.All(v => v >= 0 && float.IsFinite(v)) && values.Sum() > 0 ? values : throw Unreadable(answer);

    private float[] OneHot(int index) => [.. classes.Select((_, c) => c == index ? 1f : 0)];

    private InvalidDataException Unreadable(string answer) => new(
        $"'{command}' answered '{(answer.Length > 80 ? $"{answer[..80]}…" : answer)}'; one of {string.Join(", ", classes.Take(12))}, a JSON list of {classes.Length} probabilities, or an object from class to probability was expected");
}
