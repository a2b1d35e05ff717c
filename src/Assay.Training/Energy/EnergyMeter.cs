using System.Diagnostics;
using System.Globalization;

namespace Assay.Training;

/// <summary>Where an energy figure comes from, the most trustworthy first. Figures of different sources are never compared.</summary>
public enum EnergySource
{
    /// <summary>The GPU board's own power reading (NVML).</summary>
    Nvml,
    /// <summary>The processor's energy counters (RAPL), package zones.</summary>
    Rapl,
    /// <summary>A model: CPU time × TDP / logical cores + 0.375 W/GB × resident memory × wall time.</summary>
    CpuTimeModel,
    /// <summary>Half the TDP × wall time.</summary>
    Constant,
}

/// <summary>How to measure.</summary>
public sealed record EnergyOptions
{
    /// <summary>The processor's thermal design power in watts; null takes 85 W and labels the figure "assumed".</summary>
    public double? TdpWatts { get; init; }

    /// <summary>The time between two power readings.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>The carbon intensity of the electricity in g CO2e per kWh; the default is the world's.</summary>
    public double CarbonIntensity { get; init; } = EnergyMeter.WorldCarbonIntensity;

    /// <summary>The source to use; null takes the first that works.</summary>
    public EnergySource? Source { get; init; }
}

/// <summary>What a stretch of work cost.</summary>
/// <param name="Seconds">Wall time.</param>
/// <param name="Joules">Energy.</param>
/// <param name="Source">Where the energy figure comes from.</param>
/// <param name="TdpAssumed">Whether the figure rests on an assumed thermal design power.</param>
/// <param name="PeakBytes">The peak resident memory of the process.</param>
/// <param name="Co2Grams">The CO2-equivalent at the options' intensity.</param>
public sealed record EnergyReading(double Seconds, double Joules, EnergySource Source, bool TdpAssumed, long PeakBytes, double Co2Grams)
{
    /// <summary>Energy in watt-hours.</summary>
    public double WattHours => Joules / 3600;

    /// <summary>The source in words, for reports.</summary>
    public string SourceText => Source switch
    {
        EnergySource.Nvml => "NVML board power",
        EnergySource.Rapl => "RAPL package counters",
        EnergySource.CpuTimeModel => TdpAssumed ? "model from CPU time (TDP of 85 W assumed)" : "model from CPU time",
        _ => TdpAssumed ? "half of an assumed TDP of 85 W" : "half of the TDP",
    };
}

/// <summary>Measures time, energy, peak memory and CO2e of any code.</summary>
public static class EnergyMeter
{
    /// <summary>The world's mean carbon intensity of electricity, g CO2e per kWh.</summary>
    public const double WorldCarbonIntensity = 475;

    private const double AssumedTdp = 85, WattsPerGigabyte = 0.375;

    /// <summary>Carbon intensities of sources of electricity, g CO2e per kWh.</summary>
    public static IReadOnlyDictionary<string, double> CarbonBySource { get; } = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase)
    {
        ["coal"] = 995, ["petroleum"] = 816, ["gas"] = 743, ["geothermal"] = 38, ["hydro"] = 26, ["nuclear"] = 29, ["solar"] = 48, ["wind"] = 26,
    };

    /// <summary>Runs an action and measures it.</summary>
    /// <param name="action">The work.</param>
    /// <param name="options">How to measure.</param>
    /// <exception cref="InvalidOperationException">The source that was asked for cannot be read here.</exception>
    public static EnergyReading Measure(Action action, EnergyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(action);
        options ??= new EnergyOptions();
        if (options.TdpWatts is { } tdpGiven && !(tdpGiven > 0))
            throw new ArgumentOutOfRangeException(nameof(options), tdpGiven, "a positive TDP was expected");
        using var probe = PowerProbe.Open(options.Source);
        PeakMemory.Reset();
        var cpuBefore = CpuSeconds();
        var watch = Stopwatch.StartNew();
        using (var sampler = new PowerSampler(probe, options.Interval))
        {
            action();
            watch.Stop();
            sampler.Stop();
        }
        var seconds = watch.Elapsed.TotalSeconds;
        var cpu = CpuSeconds() - cpuBefore;
        var peak = PeakMemory.Bytes();
        var tdp = options.TdpWatts ?? AssumedTdp;
        var (joules, source) = probe.Joules() is { } measured
            ? (measured, probe.Source)
            : options.Source == EnergySource.Constant
                ? (0.5 * tdp * seconds, EnergySource.Constant)
                : (cpu * tdp / Environment.ProcessorCount + WattsPerGigabyte * peak / 1e9 * seconds, EnergySource.CpuTimeModel);
        var assumed = options.TdpWatts is null && source is EnergySource.CpuTimeModel or EnergySource.Constant;
        return new EnergyReading(seconds, joules, source, assumed, peak, Co2(joules, options.CarbonIntensity));
    }

    /// <summary>
    /// The energy of sampled power by the trapezoid rule, in joules. A missing reading takes its neighbour's in the pair; a pair with both
    /// missing counts 0, and so does one whose time does not rise.
    /// </summary>
    /// <param name="watts">Power readings; null where one is missing.</param>
    /// <param name="seconds">Their times.</param>
    public static double Integrate(ReadOnlySpan<double?> watts, ReadOnlySpan<double> seconds)
    {
        if (watts.Length != seconds.Length)
            throw new ArgumentException($"{watts.Length} readings but {seconds.Length} times");
        var joules = 0.0;
        for (var k = 0; k + 1 < watts.Length; k++)
        {
            var span = seconds[k + 1] - seconds[k];
            var (a, b) = (watts[k] ?? watts[k + 1], watts[k + 1] ?? watts[k]);
            if (span > 0 && a is { } first && b is { } second)
                joules += (first + second) / 2 * span;
        }
        return joules;
    }

    /// <summary>The rise of a counter that starts again at 0 beyond its range, in its own unit.</summary>
    public static long CounterRise(long before, long after, long range) => after >= before ? after - before : after - before + range;

    /// <summary>Grams of CO2e of an energy at an intensity in g/kWh.</summary>
    public static double Co2(double joules, double intensity) => joules / 3.6e6 * intensity;

    /// <summary>The carbon intensity of a mix of sources, g CO2e per kWh: Σ share × intensity.</summary>
    /// <param name="mix">Shares by source (<see cref="CarbonBySource"/>); they sum to 1.</param>
    /// <exception cref="ArgumentException">A source is unknown or the shares do not sum to 1.</exception>
    public static double MixIntensity(IReadOnlyDictionary<string, double> mix)
    {
        ArgumentNullException.ThrowIfNull(mix);
        if (Math.Abs(mix.Values.Sum() - 1) > 1e-6)
            throw new ArgumentException($"the shares sum to {mix.Values.Sum().ToString(CultureInfo.InvariantCulture)}, 1 was expected", nameof(mix));
        return mix.Sum(m => CarbonBySource.TryGetValue(m.Key, out var intensity)
            ? m.Value * intensity
            : throw new ArgumentException($"unknown source '{m.Key}'; known: {string.Join(", ", CarbonBySource.Keys)}", nameof(mix)));
    }

    private static double CpuSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }
}
