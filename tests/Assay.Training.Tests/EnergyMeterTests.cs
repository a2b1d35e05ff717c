namespace Assay.Training.Tests;

public sealed class EnergyMeterTests
{
    [Fact]
    public void Power_is_integrated_by_the_trapezoid_rule()
    {
        Assert.Equal(30, EnergyMeter.Integrate([10, 20], [0, 2]), 1e-12);
        Assert.Equal(20, EnergyMeter.Integrate([10, null], [0, 2]), 1e-12);
        Assert.Equal(0, EnergyMeter.Integrate([null, null], [0, 2]), 1e-12);
        Assert.Equal(0, EnergyMeter.Integrate([10, 20], [2, 2]), 1e-12);
        Assert.Throws<ArgumentException>(() => EnergyMeter.Integrate([10], [0, 1]));
    }

    [Fact]
    public void A_counter_that_wraps_goes_on_from_zero()
    {
        Assert.Equal(20, EnergyMeter.CounterRise(990, 10, 1000));
        Assert.Equal(5, EnergyMeter.CounterRise(10, 15, 1000));
    }

    [Fact]
    public void Carbon_follows_the_mix()
    {
        var mix = new Dictionary<string, double> { ["coal"] = 0.25, ["petroleum"] = 0.35, ["gas"] = 0.26, ["nuclear"] = 0.14 };
        Assert.Equal(731.59, EnergyMeter.MixIntensity(mix), 0.01);
        Assert.Equal(475, EnergyMeter.Co2(3.6e6, EnergyMeter.WorldCarbonIntensity), 1e-9);
        Assert.Throws<ArgumentException>(() => EnergyMeter.MixIntensity(new Dictionary<string, double> { ["coal"] = 0.5 }));
        Assert.Throws<ArgumentException>(() => EnergyMeter.MixIntensity(new Dictionary<string, double> { ["peat"] = 1 }));
    }

    [Fact]
    public void Counters_of_all_packages_are_summed_and_sub_zones_left_out()
    {
        var folder = Directory.CreateTempSubdirectory("assay-rapl").FullName;
        Zone(folder, "intel-rapl:0", 990, 1000);
        Zone(folder, "intel-rapl:1", 500, 1000);
        Zone(folder, "intel-rapl:0:0", 100, 1000);
        using var probe = RaplProbe.TryOpen(folder)!;
        Zone(folder, "intel-rapl:0", 10, 1000);
        Zone(folder, "intel-rapl:1", 600, 1000);
        Zone(folder, "intel-rapl:0:0", 900, 1000);
        probe.Sample(1);
        Assert.Equal(120e-6, probe.Joules()!.Value, 1e-12);
        // A counter that vanishes mid-run leaves no figure, not a wrong one.
        File.Delete(Path.Combine(folder, "intel-rapl:1", "energy_uj"));
        probe.Sample(2);
        Assert.Null(probe.Joules());
        Directory.Delete(folder, recursive: true);
        Assert.Null(RaplProbe.TryOpen(folder));
    }

    [Fact]
    public void The_model_charges_cpu_time_and_memory_and_says_that_the_tdp_is_assumed()
    {
        var reading = EnergyMeter.Measure(() => Thread.SpinWait(20_000_000), new EnergyOptions { Source = EnergySource.CpuTimeModel });
        Assert.True(reading.Joules > 0 && reading.Seconds > 0 && reading.PeakBytes > 1 << 20);
        Assert.True(reading.TdpAssumed);
        Assert.Contains("assumed", reading.SourceText, StringComparison.Ordinal);
        Assert.Equal(reading.Joules / 3600, reading.WattHours, 1e-12);
        var constant = EnergyMeter.Measure(() => Thread.Sleep(20), new EnergyOptions { Source = EnergySource.Constant, TdpWatts = 100 });
        Assert.Equal(50 * constant.Seconds, constant.Joules, 1e-9);
        Assert.False(constant.TdpAssumed);
    }

    private static void Zone(string folder, string name, long energy, long range)
    {
        var zone = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        File.WriteAllText(Path.Combine(zone, "energy_uj"), $"{energy}\n");
        File.WriteAllText(Path.Combine(zone, "max_energy_range_uj"), $"{range}\n");
    }
}
