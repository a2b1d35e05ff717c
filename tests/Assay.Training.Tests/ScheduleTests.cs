namespace Assay.Training.Tests;

public sealed class ScheduleTests
{
    [Fact]
    public void Cosine_falls_from_one_to_the_floor_after_the_warm_up()
    {
        var schedule = new CosineSchedule(warmup: 10, floor: 0.1);
        Assert.Equal(0.1, schedule.Factor(0, 110), 1e-12);
        Assert.Equal(1, schedule.Factor(10, 110), 1e-12);
        Assert.Equal(0.55, schedule.Factor(60, 110), 1e-12);
        Assert.Equal(0.1, schedule.Factor(110, 110), 1e-12);
    }

    [Fact]
    public void A_length_below_one_is_a_share_of_the_run() =>
        Assert.Equal(new CosineSchedule(warmup: 10).Factor(5, 100), new CosineSchedule(warmup: 0.1).Factor(5, 100), 1e-12);

    [Theory]
    [InlineData(DecayShape.Linear, 0.5)]
    [InlineData(DecayShape.OneMinusSqrt, 1 - 0.70710678)]
    [InlineData(DecayShape.Cosine, 0.5)]
    public void Wsd_is_constant_then_falls(DecayShape shape, double middle)
    {
        var schedule = new WsdSchedule(warmup: 0, decay: 20, shape: shape);
        Assert.Equal(1, schedule.Factor(80, 100), 1e-9);
        Assert.Equal(middle, schedule.Factor(90, 100), 1e-6);
        Assert.Equal(0, schedule.Factor(100, 100), 1e-9);
    }

    [Fact]
    public void Reciprocal_decay_is_linear_in_the_reciprocal()
    {
        var schedule = new WsdSchedule(warmup: 0, decay: 20, floor: 0.1, shape: DecayShape.Reciprocal);
        Assert.Equal(1 / 5.5, schedule.Factor(90, 100), 1e-9);
        Assert.Equal(0.1, schedule.Factor(100, 100), 1e-9);
        Assert.Throws<ArgumentOutOfRangeException>(() => new WsdSchedule(shape: DecayShape.Reciprocal));
    }

    [Fact]
    public void Steps_multiply_at_each_milestone()
    {
        var schedule = new StepSchedule([0.5, 0.75], gamma: 0.1);
        Assert.Equal(1, schedule.Factor(49, 100), 1e-12);
        Assert.Equal(0.1, schedule.Factor(50, 100), 1e-12);
        Assert.Equal(0.01, schedule.Factor(75, 100), 1e-12);
        Assert.Throws<ArgumentException>(() => new StepSchedule([0.5, 0.4]));
    }
}
