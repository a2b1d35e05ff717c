namespace Assay.Data.Tests.Text;

public sealed class RelationFileTests
{
    private const string One = """{"id": "x1", "token": ["Anna", "Berg", "works", "for", "Acme"], "subj_start": 0, "subj_end": 1, "obj_start": 4, "obj_end": 4, "subj_type": "PERSON", "obj_type": "ORGANIZATION", "relation": "no_relation"}""";

    [Fact]
    public void Spans_include_their_ends_and_patches_replace_labels()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.json"), $"[{One}]");
        File.WriteAllText(folder.File("map.json"), """{"x1": "per:employee_of"}""");
        File.WriteAllText(folder.File("list.json"), """[{"id": "x1", "relation": "per:employee_of"}]""");
        Assert.Equal("SUBJ_PERSON works for OBJ_ORGANIZATION", Assert.Single(RelationFile.Read(folder.File("t.json"))).Masked);
        foreach (var patch in new[] { "map.json", "list.json" })
            Assert.Equal("per:employee_of", Assert.Single(RelationFile.ReadDataset(folder.File("t.json"), folder.File(patch)).ClassNames));
    }

    [Theory]
    [InlineData("{}", "array")]
    [InlineData("[{}]", "item 0")]
    [InlineData("[1]", "item 0")]
    [InlineData("[{\"token\": [\"a\"], \"subj_start\": 0, \"subj_end\": 1}]", "item 0")]
    [InlineData("[", "no valid JSON")]
    public void Defects_are_named(string json, string word)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.json"), json);
        Assert.Contains(word, Assert.Throws<InvalidDataException>(() => RelationFile.Read(folder.File("t.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hashed_words_have_length_one_and_know_order_only_in_pairs()
    {
        var plain = new HashedBagOfWords(256).Features(["the cat sat", "SAT the, cat!", ""]);
        Assert.Equal(plain.Row(0), plain.Row(1));
        Assert.Equal(1, plain.Row(0).ToArray().Sum(v => v * v), 1e-5);
        Assert.All(plain.Row(2).ToArray(), v => Assert.Equal(0, v));
        var pairs = new HashedBagOfWords(256, pairs: true).Features(["the cat sat", "sat the cat"]);
        Assert.False(pairs.Row(0).SequenceEqual(pairs.Row(1)));
    }
}
