namespace Assay.Data.Tests;

public sealed class TextCorpusTests
{
    private const string Documentation = """
        <?xml version="1.0"?>
        <doc><assembly><name>A</name></assembly><members>
          <member name="T:A.One"><summary>Represents  one
             <see cref="T:System.Collections.Generic.List`1" /> of things.</summary>
             <remarks><para>First paragraph.</para><para>Second with <c>code</c> and <see langword="null" />.</para><code>var x = 1;</code></remarks></member>
          <member name="M:A.One.Do(System.Int32)"><summary>Does <see cref="M:A.Two.Work(System.String)">the work</see> or <see cref="M:A.Two.Rest" />.</summary>
             <param name="count">How often; see <paramref name="count" />.</param>
             <exception cref="T:System.ArgumentException"><paramref name="count" /> is negative.</exception>
             <returns>The result.

        -or-

        <see cref="F:System.String.Empty" />.</returns></member>
          <member name="M:A.One.#ctor"><summary>To be added.</summary></member>
          <member name="M:A.One.Same"><summary>Represents one List of things.</summary><remarks>First paragraph.

        Second with code and null.</remarks></member>
          <member name="M:A.One.Short"><summary>Short.</summary></member>
        </members></doc>
        """;

    [Fact]
    public void Documentation_becomes_prose_once_and_in_order()
    {
        using var folder = new TemporaryFolder();
        void Add(string pack, string version, string assembly, string text)
        {
            var path = folder.File($"packs/{pack}/{version}/ref/net10.0/{assembly}.xml");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        Add("Microsoft.NETCore.App.Ref", "10.0.2", "A", Documentation);
        Add("Microsoft.NETCore.App.Ref", "9.0.9", "Old", Documentation.Replace("A.One", "A.Old", StringComparison.Ordinal));
        Add("Other.Ref", "1.0.0", "A", Documentation.Replace("one", "another", StringComparison.Ordinal));
        Add("Other.Ref", "1.0.0", "B", "<doc><members><member name='T:B.X'><summary>Something else entirely in another assembly.</summary></member></members></doc>");
        var corpus = DotNetDocs.Load(folder.Path);
        Assert.Equal("dotnet-docs 10.0.2", corpus.Name);
        Assert.Equal(["T:A.One", "M:A.One.Do(System.Int32)", "T:B.X"], corpus.Ids);
        Assert.Equal("Represents one List of things.\nFirst paragraph.\nSecond with code and null.", corpus.Documents[0]);
        Assert.Equal("Does the work or Two.Rest.\ncount: How often; see count.\nThrows ArgumentException: count is negative.\nReturns: The result. -or- String.Empty.", corpus.Documents[1]);
        Assert.Equal("B", corpus.Domains[2]);
        Assert.Equal(1, corpus.OfDomain("B").Count);
        Add("Other.Ref", "1.0.0", "C", "<doc><members><member name='x'>");
        Assert.Contains("C.xml: line 1", Assert.Throws<InvalidDataException>(() => DotNetDocs.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => DotNetDocs.Load(folder.File("nothing")));
    }

    [Fact]
    public void The_installed_SDK_gives_megabytes_of_prose()
    {
        TextCorpus corpus;
        try
        {
            corpus = TextCorpus.Load("dotnet-docs");
        }
        catch (FileNotFoundException)
        {
            Assert.Skip("no SDK with documentation is installed");
            return;
        }
        Assert.True(corpus.CharacterCount > 5_000_000, $"{corpus.CharacterCount} characters");
        Assert.True(corpus.Domains.Names.Length > 50);
        Assert.DoesNotContain(corpus.Documents, d => d.Contains("<see", StringComparison.Ordinal) || d.Contains("  ", StringComparison.Ordinal));
        Assert.Equal(corpus.Count, corpus.Documents.Distinct().Count());
    }

    [Fact]
    public void Folders_and_tables_of_texts_are_corpora()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("texts/news"));
        File.WriteAllText(folder.File("texts/news/b.txt"), "second\r\nline");
        File.WriteAllText(folder.File("texts/a.md"), "first");
        var texts = TextCorpus.Load(folder.File("texts"));
        Assert.Equal(["a.md", "news/b.txt"], texts.Ids);
        Assert.Equal(["first", "second\nline"], texts.Documents);
        Assert.Equal("news", texts.Domains[1]);

        var lines = TextCorpus.Load(folder.Write("c.jsonl", "{\"text\":\"one\",\"domain\":\"x\"}\n{\"text\":\" \",\"domain\":\"x\"}\n{\"text\":\"3\",\"domain\":\"y\"}\n"));
        Assert.Equal(["one", "3"], lines.Documents);
        Assert.Equal(["0", "2"], lines.Ids);
        Assert.Equal("y", lines.Domains[1]);
        Assert.Equal(lines.Documents, lines.ToDataset().Validate().Texts);

        File.WriteAllBytes(folder.File("texts/bad.txt"), [0x63, 0xE9]);
        Assert.Contains("bad.txt", Assert.Throws<InvalidDataException>(() => TextCorpus.Load(folder.File("texts"))).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => TextCorpus.Load("nothing"));
    }
}
