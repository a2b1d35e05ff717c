using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Assay.Training;

/// <summary>Something that can be asked for power or energy while work runs. Where nothing can, it gives no joules and a model is used.</summary>
internal abstract class PowerProbe : IDisposable
{
    public abstract EnergySource Source { get; }

    /// <summary>Called at every interval, from the sampling thread.</summary>
    public abstract void Sample(double seconds);

    /// <summary>The energy between the first and the last sample, or null when there is no measurement.</summary>
    public abstract double? Joules();

    public virtual void Dispose()
    {
    }

    /// <exception cref="InvalidOperationException">The wanted source cannot be read.</exception>
    public static PowerProbe Open(EnergySource? wanted)
    {
        PowerProbe? probe = wanted switch
        {
            EnergySource.Nvml => NvmlProbe.TryOpen(),
            EnergySource.Rapl => RaplProbe.TryOpen(RaplProbe.SystemFolder),
            EnergySource.CpuTimeModel or EnergySource.Constant => new NoProbe(),
            _ => NvmlProbe.TryOpen() ?? RaplProbe.TryOpen(RaplProbe.SystemFolder) ?? (PowerProbe)new NoProbe(),
        };
        return probe ?? throw new InvalidOperationException($"the energy source {wanted} cannot be read on this machine");
    }

    private sealed class NoProbe : PowerProbe
    {
        public override EnergySource Source => EnergySource.CpuTimeModel;

        public override void Sample(double seconds)
        {
        }

        public override double? Joules() => null;
    }
}

/// <summary>Sums the energy counters of all processor packages.</summary>
internal sealed class RaplProbe : PowerProbe
{
    public const string SystemFolder = "/sys/class/powercap";
    private readonly (string File, long Range)[] zones;
    private readonly long[] last;
    private long microjoules;
    private bool broken;

    private RaplProbe((string File, long Range)[] zones, long[] first) => (this.zones, last) = (zones, first);

    public override EnergySource Source => EnergySource.Rapl;

    /// <summary>Opens the package zones (intel-rapl:N), or gives null where they are absent or may not be read.</summary>
    public static RaplProbe? TryOpen(string folder)
    {
        if (!Directory.Exists(folder))
            return null;
        var zones = new List<(string, long)>();
        var first = new List<long>();
        foreach (var zone in Directory.GetDirectories(folder, "intel-rapl:*"))
        {
            // Sub-zones (intel-rapl:0:1) are parts of their package.
            if (Path.GetFileName(zone).Count(c => c == ':') != 1)
                continue;
            if (Read(Path.Combine(zone, "energy_uj")) is not { } value || Read(Path.Combine(zone, "max_energy_range_uj")) is not { } range)
                return null;
            zones.Add((Path.Combine(zone, "energy_uj"), range));
            first.Add(value);
        }
        return zones.Count > 0 ? new RaplProbe([.. zones], [.. first]) : null;
    }

    public override void Sample(double seconds)
    {
        for (var i = 0; i < zones.Length && !broken; i++)
        {
            if (Read(zones[i].File) is not { } now)
            {
                // Counters that vanish mid-run make the sum worthless: fall back to the model.
                broken = true;
                return;
            }
            microjoules += EnergyMeter.CounterRise(last[i], now, zones[i].Range);
            last[i] = now;
        }
    }

    public override double? Joules() => broken ? null : microjoules / 1e6;

    private static long? Read(string file)
    {
        try
        {
            return long.TryParse(File.ReadAllText(file), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Integrates the board power of the first GPU.</summary>
internal sealed class NvmlProbe : PowerProbe
{
    private readonly nint library, device;
    private readonly GetPower getPower;
    private readonly List<double?> watts = [];
    private readonly List<double> times = [];

    private NvmlProbe(nint library, nint device, GetPower getPower) => (this.library, this.device, this.getPower) = (library, device, getPower);

    private delegate int Init();

    private delegate int GetHandle(uint index, out nint device);

    private delegate int GetPower(nint device, out uint milliwatts);

    public override EnergySource Source => EnergySource.Nvml;

    public static NvmlProbe? TryOpen()
    {
        var name = OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";
        if (!NativeLibrary.TryLoad(name, out var library))
            return null;
        if (NativeLibrary.TryGetExport(library, "nvmlInit_v2", out var init)
            && NativeLibrary.TryGetExport(library, "nvmlDeviceGetHandleByIndex_v2", out var handle)
            && NativeLibrary.TryGetExport(library, "nvmlDeviceGetPowerUsage", out var power)
            && Marshal.GetDelegateForFunctionPointer<Init>(init)() == 0
            && Marshal.GetDelegateForFunctionPointer<GetHandle>(handle)(0, out var device) == 0)
            return new NvmlProbe(library, device, Marshal.GetDelegateForFunctionPointer<GetPower>(power));
        NativeLibrary.Free(library);
        return null;
    }

    public override void Sample(double seconds)
    {
        watts.Add(getPower(device, out var milliwatts) == 0 ? milliwatts / 1000.0 : null);
        times.Add(seconds);
    }

    public override double? Joules() => watts.Any(w => w is not null)
        ? EnergyMeter.Integrate(CollectionsMarshal.AsSpan(watts), CollectionsMarshal.AsSpan(times))
        : null;

    public override void Dispose() => NativeLibrary.Free(library);
}

/// <summary>Asks a probe at equal intervals, at the start and at the end.</summary>
internal sealed class PowerSampler : IDisposable
{
    private readonly PowerProbe probe;
    private readonly TimeSpan interval;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread thread;

    public PowerSampler(PowerProbe probe, TimeSpan interval)
    {
        if (interval <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "a positive time was expected");
        (this.probe, this.interval) = (probe, interval);
        probe.Sample(0);
        thread = new Thread(Loop) { IsBackground = true, Name = "energy" };
        thread.Start();
    }

    public void Stop()
    {
        if (stop.IsSet)
            return;
        stop.Set();
        thread.Join();
        probe.Sample(watch.Elapsed.TotalSeconds);
    }

    private void Loop()
    {
        while (!stop.Wait(interval))
            probe.Sample(watch.Elapsed.TotalSeconds);
    }

    public void Dispose()
    {
        Stop();
        stop.Dispose();
    }
}

/// <summary>The peak resident memory of this process, of one stretch of work where the system can reset it.</summary>
internal static class PeakMemory
{
    public static void Reset()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            // Clears the high-water mark of resident memory.
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then the peak is that of the process's life, which is still an upper bound.
        }
    }

    public static long Bytes()
    {
        using var process = Process.GetCurrentProcess();
        if (!OperatingSystem.IsLinux())
            return process.PeakWorkingSet64;
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return long.Parse(line[6..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
        }
        return process.WorkingSet64;
    }
}
